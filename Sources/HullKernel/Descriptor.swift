// SPDX-License-Identifier: Apache-2.0

internal import CHull
internal import HullBytes
internal import HullLinux

/// An owned file descriptor: closed when it goes out of scope, close-on-exec always.
package struct Descriptor: ~Copyable {
    /// The number, for calls; it stays owned here.
    package let number: Int32

    /// Takes over a descriptor that nobody else owns.
    package init(owning number: Int32) { self.number = number }
    deinit { if number >= 0 { _ = chull_close(number) } }

    /// Gives the number away; whoever takes it closes it.
    package consuming func give() -> Int32 {
        let given = number
        discard self
        return given
    }

    /// A second owner of the same open file; fcntl(2) F_DUPFD_CLOEXEC.
    package borrowing func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(owning: try check(chull_dup_above(number, 3), "fcntl", "F_DUPFD_CLOEXEC \(number)"))
    }

    /// A new owner of the open file of a number that somebody else owns.
    package init(duplicating number: Int32) throws(SystemError) {
        self.init(owning: try check(chull_dup_above(number, 3), "fcntl", "F_DUPFD_CLOEXEC \(number)"))
    }

    /// A descriptor of the caller's that hull was started with and does not own.
    package static func isOpen(_ number: Int32) -> Bool { chull_fcntl(number, Int32(F_GETFD), 0) >= 0 }
}

/// Descriptors by index: what a plan's steps refer to.
package struct DescriptorList: ~Copyable {
    private var numbers: [Int32] = []

    /// An empty list.
    package init() {}
    deinit { for number in numbers where number >= 0 { _ = chull_close(number) } }

    /// Takes the descriptor over as the one of `index`; earlier places stay empty.
    package mutating func set(_ index: Int, _ descriptor: consuming Descriptor) {
        while numbers.count <= index { numbers.append(-1) }
        if numbers[index] >= 0 { _ = chull_close(numbers[index]) }
        numbers[index] = descriptor.give()
    }

    /// The number of the descriptor of `index`, which stays owned here; nil where there is none.
    package subscript(_ index: Int) -> Int32? {
        index < numbers.count && numbers[index] >= 0 ? numbers[index] : nil
    }

    /// The numbers of all descriptors that are owned here.
    package var open: [Int32] { numbers.filter { $0 >= 0 } }

    /// Gives the descriptor of `index` away; nil where there is none.
    package mutating func take(_ index: Int) -> Descriptor? {
        guard index < numbers.count, numbers[index] >= 0 else { return nil }
        let number = numbers[index]
        numbers[index] = -1
        return Descriptor(owning: number)
    }
}

/// Marks all descriptors from `first` on close-on-exec: close_range(2) with CLOSE_RANGE_CLOEXEC. What the caller left
/// open must reach neither the container nor a hook (CVE-2024-21626).
package func closeOnExec(from first: Int32) throws(SystemError) {
    try check(chull_close_range(UInt32(first), UInt32.max, UInt32(CLOSE_RANGE_CLOEXEC)), "close_range", "\(first)")
}

/// Closes all descriptors from 3 on but those named: close_range(2). A cloned process has copies of all that its parent
/// holds, and close-on-exec is too late for it: until execve(2) it would keep locks and the other ends of its sockets,
/// and its program's path could lead through a directory of the host (CVE-2024-21626).
package func closeDescriptors(except kept: [Int32]) throws(SystemError) {
    var first: UInt32 = 3
    for number in kept.compactMap({ UInt32(exactly: $0) }).sorted() where number >= first {
        if number > first { try check(chull_close_range(first, number - 1, 0), "close_range", "\(first)") }
        first = number + 1
    }
    try check(chull_close_range(first, UInt32.max, 0), "close_range", "\(first)")
}
