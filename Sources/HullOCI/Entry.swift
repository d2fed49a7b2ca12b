// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// One member of a JSON object that is a map. Maps are arrays of these, in the order of the document: the order in
/// which sysctls and cgroup files are written is then the one that the author sees.
package struct Entry<Value> {
    /// The key as said.
    package var key: Bytes
    /// The value as said.
    package var value: Value

    /// A key and its value.
    package init(key: Bytes, value: Value) {
        self.key = key
        self.value = value
    }
}

extension Entry: Equatable where Value: Equatable {}
extension Entry: Sendable where Value: Sendable {}
