// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package func explain(_ plan: ContainerPlan) -> Bytes { "" }
