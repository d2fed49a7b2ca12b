// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// hull's own version.
package let version: Bytes = "0.1.0"

/// The version of the runtime specification that is carried out.
package let specVersion: Bytes = "1.3.0"

/// What `--version` prints. The first three lines have the words and the order that engines split them by.
package func versionText(commit: Bytes, libseccomp: Bytes) -> Bytes {
    "hull version \(version)\ncommit: \(commit)\nspec: \(specVersion)\nlibseccomp: \(libseccomp)\n"
}
