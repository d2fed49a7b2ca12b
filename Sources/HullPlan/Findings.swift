// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// What resolving found wrong, in the order in which it was found: a config's author wants all of it at once.
package struct Findings: Sendable {
    /// What makes a plan impossible.
    package var errors: [ConfigError] = []
    /// What the specification wants logged while the container runs all the same.
    package var warnings: [ConfigError] = []

    /// Nothing found yet.
    package init() {}

    /// Adds something that makes a plan impossible; `pointer` names the field that asked for it.
    package mutating func error(_ pointer: JSONPointer, _ problem: Bytes, hint: Bytes? = nil) {
        errors.append(ConfigError(pointer, problem, hint: hint))
    }

    /// Adds something to log; `pointer` names the field that asked for it.
    package mutating func warn(_ pointer: JSONPointer, _ problem: Bytes, hint: Bytes? = nil) {
        warnings.append(ConfigError(pointer, problem, hint: hint))
    }

    /// Throws all errors at once if there is any.
    package func throwIfAny() throws(ConfigErrors) {
        if !errors.isEmpty { throw ConfigErrors(errors) }
    }
}
