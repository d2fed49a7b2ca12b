// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// A program in the kernel that decides on device access: BPF_PROG_TYPE_CGROUP_DEVICE.
package struct DeviceFilter: ~Copyable {
    /// By this name hull knows its own among the programs of a cgroup.
    package static let name: Bytes = "hull_devices"

    private let descriptor: Descriptor

    /// Loads a program. Of the verifier's log, where it refuses, the end is in the error.
    package init(loading program: [EBPFInstruction]) throws(SystemError) {
        var log: [UInt8] = []
        var number = DeviceFilter.load(program, &log)
        if number < 0, number != -Errno.eperm.rawValue {
            log = [UInt8](repeating: 0, count: 1 << 20)
            number = DeviceFilter.load(program, &log)
        }
        guard number >= 0 else {
            let lines = Bytes(log.prefix { $0 != 0 }).split(0x0a)
            throw SystemError(
                "bpf", "BPF_PROG_LOAD", Errno(rawValue: -number), detail: Array(lines.suffix(2)).joined(", "))
        }
        descriptor = Descriptor(owning: number)
    }

    /// Any signal that arrives while the verifier is at work ends it by EAGAIN.
    private static func load(_ program: [EBPFInstruction], _ log: inout [UInt8]) -> Int32 {
        for _ in 1..<8 {
            let number = loadOnce(program, &log)
            if number != -Errno.eagain.rawValue { return number }
        }
        return loadOnce(program, &log)
    }

    private static func loadOnce(_ program: [EBPFInstruction], _ log: inout [UInt8]) -> Int32 {
        unsafe name.withCString { name in
            unsafe program.withUnsafeBytes { code in
                unsafe log.withUnsafeMutableBytes { log in
                    let words = unsafe log.baseAddress?.assumingMemoryBound(to: CChar.self)
                    return unsafe chull_bpf_load_device(
                        name, code.baseAddress, UInt32(program.count), log.isEmpty ? nil : words, UInt32(log.count))
                }
            }
        }
    }

    /// One that is attached somewhere; nil when it is gone meanwhile.
    private init?(_ id: UInt32) throws(SystemError) {
        let number = chull_bpf_program(id)
        if number == -Errno.enoent.rawValue { return nil }
        descriptor = Descriptor(owning: try check(number, "bpf", "BPF_PROG_GET_FD_BY_ID \(id)"))
    }

    private borrowing func name() throws(SystemError) -> Bytes {
        var name = [CChar](repeating: 0, count: 16)
        let result = unsafe name.withUnsafeMutableBufferPointer {
            unsafe chull_bpf_program_name(descriptor.number, $0.baseAddress)
        }
        try check(result, "bpf", "BPF_OBJ_GET_INFO_BY_FD")
        return Bytes(name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }

    /// What the kernel makes of its instructions: equal for equal programs.
    package borrowing func tag() throws(SystemError) -> Bytes {
        let path = "/proc/self/fdinfo/\(descriptor.number)" as Bytes
        for line in Bytes(try HostFiles.read(path)).split(0x0a) where line.hasPrefix("prog_tag:") {
            return line.dropFirst(9).trimmed
        }
        throw SystemError("bpf", path, .enodata)
    }

    /// Attaches it to a cgroup's directory, beside those that are there and those of the cgroups above.
    package borrowing func attach(to cgroup: Int32) throws(SystemError) {
        try check(chull_bpf_attach_device(cgroup, descriptor.number), "bpf", "BPF_PROG_ATTACH")
    }

    /// Takes the place of another one: each request meets the one or the other.
    package borrowing func replace(_ former: borrowing DeviceFilter, on cgroup: Int32) throws(SystemError) {
        try check(
            chull_bpf_replace_device(cgroup, former.descriptor.number, descriptor.number), "bpf",
            "BPF_PROG_ATTACH, BPF_F_REPLACE")
    }

    /// Hull's own that is attached to a cgroup; nil where there is none.
    package static func own(on cgroup: Int32) throws(SystemError) -> DeviceFilter? {
        for id in try programs(of: cgroup).ids.reversed() {
            if let filter = try DeviceFilter(id), try filter.name() == name { return filter }
        }
        return nil
    }

    /// The programs that are attached to a cgroup itself, by name and number, and whether they admit others beside
    /// them.
    package static func all(on cgroup: Int32) throws(SystemError) -> (names: [Bytes], admitOthers: Bool) {
        let (ids, flags) = try programs(of: cgroup)
        var names: [Bytes] = []
        for id in ids { names.append("\(try DeviceFilter(id)?.name() ?? "") (\(id))") }
        return (names, ids.isEmpty || flags & UInt32(BPF_F_ALLOW_MULTI) != 0)
    }

    /// The kernel attaches 64 at most: BPF_CGROUP_MAX_PROGS.
    private static func programs(of cgroup: Int32) throws(SystemError) -> (ids: [UInt32], flags: UInt32) {
        var ids = [UInt32](repeating: 0, count: 64)
        var flags: UInt32 = 0
        let count = unsafe ids.withUnsafeMutableBufferPointer {
            unsafe chull_bpf_device_programs(cgroup, $0.baseAddress, UInt32($0.count), &flags)
        }
        return (Array(ids.prefix(Int(try check(count, "bpf", "BPF_PROG_QUERY")))), flags)
    }
}
