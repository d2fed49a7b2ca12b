// SPDX-License-Identifier: Apache-2.0

import HullLinux

/// What a device filter is asked: `struct bpf_cgroup_dev_ctx`.
package struct DeviceRequest {
    /// 1 is a block device, 2 a character device.
    package var kind: UInt32
    package var major: UInt32
    package var minor: UInt32
    /// 1 is mknod, 2 is reading, 4 is writing; any sum of these.
    package var access: UInt32

    package init(kind: UInt32, major: UInt32, minor: UInt32, access: UInt32) {
        self.kind = kind
        self.major = major
        self.minor = minor
        self.access = access
    }

    package var words: [UInt32] { [access << 16 | kind, major, minor] }
}

/// Whether the kernel's verifier would follow every jump: inside the program, forward, and no instruction without a
/// way to it; nil if so.
package func deviceFilterProblem(_ program: [EBPFInstruction]) -> String? {
    guard let last = program.last, last.code == 0x95, program.count <= 4096 else { return "no end" }
    var reached = [Bool](repeating: false, count: program.count)
    reached[0] = true
    for (index, instruction) in program.enumerated() {
        if !reached[index] { return "\(index) cannot be reached" }
        if instruction.code == 0x95 { continue }
        if index + 1 < program.count { reached[index + 1] = true }
        guard [0x16, 0x56, 0x46].contains(instruction.code) else { continue }
        let target = index + 1 + Int(instruction.offset)
        guard instruction.offset >= 0, target < program.count else { return "\(index) jumps to \(target)" }
        reached[target] = true
    }
    return nil
}

/// Runs a device filter as the kernel would; nil where its verifier would refuse: an instruction that is not expected
/// in a filter, a load outside what it is given, a register that nobody has written, an answer other than 0 and 1.
package func run(_ program: [EBPFInstruction], _ request: DeviceRequest) -> Bool? {
    // Register 1 is the address of the request; it is no number, so nothing but loads may read it.
    var registers = [UInt32?](repeating: nil, count: 11)
    let words = request.words
    var next = 0
    while next < program.count {
        let instruction = program[next]
        next += 1
        let to = Int(instruction.destination)
        guard to != 1 || instruction.code == 0x95 else { return nil }
        let immediate = UInt32(bitPattern: instruction.immediate)
        switch instruction.code {
        case 0x61:
            guard instruction.source == 1, [0, 4, 8].contains(instruction.offset) else { return nil }
            registers[to] = words[Int(instruction.offset / 4)]
        case 0xbc:
            guard let value = registers[Int(instruction.source)] else { return nil }
            registers[to] = value
        case 0xb4: registers[to] = immediate
        case 0x95:
            guard let answer = registers[0], answer <= 1 else { return nil }
            return answer == 1
        default:
            guard let value = registers[to] else { return nil }
            switch instruction.code {
            case 0x54: registers[to] = value & immediate
            case 0x74:
                guard immediate < 32 else { return nil }
                registers[to] = value >> immediate
            case 0x16: if value == immediate { next += Int(instruction.offset) }
            case 0x56: if value != immediate { next += Int(instruction.offset) }
            case 0x46: if value & immediate != 0 { next += Int(instruction.offset) }
            default: return nil
            }
        }
    }
    return nil
}
