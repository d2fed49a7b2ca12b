// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux

/// A call that the kernel refused: which one, on what, and why.
package struct SystemError: Error, Sendable {
    /// The kernel's name of the call: `openat2`.
    package var call: Bytes
    /// What it was done to: a path, a name, a number.
    package var object: Bytes
    /// The kernel's answer.
    package var errno: Errno
    /// What the kernel said besides, such as the lines of a filesystem context's log.
    package var detail: Bytes
    /// Other words than the errno's own, where engines look for them.
    package var words: Bytes?

    /// Takes the parts as they are.
    package init(_ call: Bytes, _ object: Bytes, _ errno: Errno, detail: Bytes = "", words: Bytes? = nil) {
        self.call = call
        self.object = object
        self.errno = errno
        self.detail = detail
        self.words = words
    }

    /// One line: `openat2 /run/x: no such file or directory`.
    package var line: Bytes {
        let what = object.isEmpty ? call : "\(call) \(object)"
        let why = words ?? errno.message
        return detail.isEmpty ? "\(what): \(why)" : "\(what): \(why) (\(detail))"
    }
}

/// Passes a wrapper's value on, or throws what its `-errno` means. The object is only built on failure.
@discardableResult @inline(__always)
func check<Value: FixedWidthInteger & SignedInteger>(
    _ value: Value, _ call: StaticString, _ object: @autoclosure () -> Bytes = ""
) throws(SystemError) -> Value {
    if value < 0 { throw SystemError(Bytes(stringLiteral: call), object(), Errno(rawValue: Int32(-value))) }
    return value
}

/// Runs a call again while it is interrupted by a signal.
@inline(__always)
func again<Value: FixedWidthInteger & SignedInteger>(_ call: () -> Value) -> Value {
    while true {
        let value = call()
        if value != -Value(Errno.eintr.rawValue) { return value }
    }
}
