// SPDX-License-Identifier: Apache-2.0

internal import CHull
internal import HullBytes
package import HullLinux

/// A system call that a filter holds until it is answered: `struct seccomp_notif`.
package struct HeldCall: Sendable {
    /// What the answer must name.
    package let id: UInt64
    /// The thread that made the call, as the reader's pid namespace counts.
    package let thread: Int32
    /// The call.
    package let call: FilteredCall

    /// Waits for the next call at the filter's descriptor, for its end, or for `other` to be readable:
    /// seccomp_unotify(2).
    package static func wait(at filter: Int32, or other: Int32) throws(SystemError) -> Event {
        Event(rawValue: try check(again { chull_seccomp_wait(filter, other) }, "poll", "seccomp"))
    }

    /// What `wait` waits for.
    package struct Event: OptionSet, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }
        /// A call waits for its answer.
        package static let call = Event(rawValue: 1)
        /// The other descriptor can be read, or is at its end.
        package static let other = Event(rawValue: 2)
        /// No process has the filter any more.
        package static let end = Event(rawValue: 4)
    }

    /// Takes the next call; nil where who made it has died meanwhile.
    package static func receive(from filter: Int32) throws(SystemError) -> HeldCall? {
        var held = chull_held_call()
        let result = again { unsafe chull_seccomp_receive(filter, &held) }
        if result == -Errno.enoent.rawValue { return nil }
        try check(result, "ioctl SECCOMP_IOCTL_NOTIF_RECV")
        let a = held.arguments
        let call = FilteredCall(
            audit: held.audit, number: held.number, arguments: [a.0, a.1, a.2, a.3, a.4, a.5])
        return HeldCall(id: held.id, thread: held.thread, call: call)
    }

    /// The call does not happen; its caller sees the errno. No error where the caller has died meanwhile.
    package func refuse(with errno: Errno, at filter: Int32) throws(SystemError) {
        let result = again { chull_seccomp_refuse(filter, id, errno.rawValue) }
        if result != -Errno.enoent.rawValue { try check(result, "ioctl SECCOMP_IOCTL_NOTIF_SEND") }
    }
}
