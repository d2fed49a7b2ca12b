// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The user that a command line names: `UID` or `UID:GID`.
///
/// Numbers only, and strictly: a name that looks like a number, or a number that wraps round, has made root of ordinary
/// users before (CVE-2016-3697, CVE-2024-40635, CVE-2026-30892).
package struct UserAndGroup: Equatable, Sendable {
    /// The user.
    package let uid: UInt32
    /// The group; nil where only the user is said.
    package let gid: UInt32?

    /// Why a text names no user.
    package struct Invalid: Error, Equatable {
        /// What is wrong.
        package let problem: Bytes
    }

    /// Takes two ids as they are.
    package init(uid: UInt32, gid: UInt32?) {
        self.uid = uid
        self.gid = gid
    }

    /// Reads `UID` or `UID:GID`.
    package init(parsing text: Bytes) throws(Invalid) {
        let parts = text.split(0x3a, omittingEmpty: false)
        guard parts.count <= 2, let first = parts.first else {
            throw Invalid(problem: "invalid user \"\(text)\": UID or UID:GID is wanted")
        }
        guard let uid = idNumber(first) else { throw Invalid(problem: "invalid user id \"\(first)\" in \"\(text)\"") }
        guard parts.count == 2 else {
            self.init(uid: uid, gid: nil)
            return
        }
        guard let gid = idNumber(parts[1]) else {
            throw Invalid(problem: "invalid group id \"\(parts[1])\" in \"\(text)\"")
        }
        self.init(uid: uid, gid: gid)
    }
}

/// The user or group id that the bytes spell: decimal digits without a sign, space or leading zero, and not 4294967295,
/// which means "leave as it is" to setresuid(2).
package func idNumber(_ text: Bytes) -> UInt32? {
    guard let number = text.decimal, number < 0xffff_ffff else { return nil }
    return text.count > 1 && text.hasPrefix("0") ? nil : UInt32(number)
}
