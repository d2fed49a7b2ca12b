// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles
import Testing

/// What the running kernel says of the programs. It is entered by syscall(3), taken by name since it is variadic.
@Suite struct FilterKernelTests {
    // SC-36: Goal: the kernel takes podman's filter and decides as meant, on the native architecture. Method: load it
    // in a thread of its own, which no_new_privs and the filter die with; ask for calls with each answer.
    @Test func seccomp() throws {
        var findings = Findings()
        let plan = try #require(resolveSeccomp(podmanProfile(), at: "/linux/seccomp", &findings))
        #expect(try results(plan) == [0, -ENOSYS, -EPERM, -EINVAL, 0])
    }

    private func results(_ plan: SeccompPlan) throws -> [Int32] {
        let trial = FilterTrial(plan)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(trial)
        let started = pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<FilterTrial>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        try #require(started == 0)
        pthread_join(thread, nil)
        #expect(trial.loaded == 0)
        return trial.results
    }

    // SC-38: Goal: the kernel takes the filter with the answer for newer calls. Method: as above, with EPERM for what
    // is not allowed.
    @Test func newer() throws {
        var findings = Findings()
        var profile = try podmanProfile()
        profile.defaultErrnoRet = 1
        let plan = try #require(resolveSeccomp(profile, at: "/linux/seccomp", &findings))
        #expect(try results(plan) == [0, -ENOSYS, -EPERM, -EINVAL, 0])
    }

    // DR-14: Goal: the kernel's verifier takes device filters of every shape. Method: load what seeded random lists
    // become.
    @Test(.enabled(if: geteuid() == 0, "loading a device filter needs root"), arguments: 0..<30 as Range<UInt64>)
    func deviceFilter(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rules = (0..<Int(seed)).map { _ in
            DeviceRule(
                allow: Bool.random(using: &random),
                kind: ([nil, .block, .character] as [DeviceRule.Kind?]).randomElement(using: &random) ?? nil,
                major: Bool.random(using: &random) ? nil : UInt32.random(in: 0...3, using: &random),
                minor: Bool.random(using: &random) ? nil : UInt32.random(in: 0...2, using: &random),
                access: .init(rawValue: Int32.random(in: 1...7, using: &random)))
        }
        #expect(loadDeviceFilter(compileDeviceFilter(rules)) == 0, "\(rules)")
    }

    // DR-14 DR-15: Goal: the verifier takes the longest filters, and those in which most paths meet. Method: as many
    // rules of one shape as make 4096 instructions.
    @Test(
        .enabled(if: geteuid() == 0, "loading a device filter needs root"),
        arguments: [
            ("drivers", 4071, 1), ("parts", 1017, 4), ("alternating", 1162, 3), ("kinds", 1000, 0), ("few", 1000, 0),
        ])
    func longDeviceFilter(_ shape: String, _ count: UInt32, _ atLeast: Int) {
        var random = SeededGenerator(seed: 7)
        let program = compileDeviceFilter(
            (0..<count).map { number in
                // Reading, writing, both: mknod is allowed anyway, and would make no code.
                let part = DeviceRule.Access(rawValue: 2 + 2 * Int32(number % 3))
                let kind: DeviceRule.Kind = number % 2 == 0 ? .block : .character
                return switch shape {
                case "drivers": DeviceRule(allow: true, kind: .character, major: number + 1000)
                case "parts": DeviceRule(allow: true, kind: .character, major: number, minor: number, access: part)
                case "alternating": DeviceRule(allow: number % 2 == 0, major: number, minor: number, access: part)
                case "kinds": DeviceRule(allow: number % 3 == 0, kind: kind, minor: number % 7, access: part)
                default: DeviceRule(random: &random)
                }
            })
        #expect(program.count <= EBPFInstruction.limit && program.count > atLeast * Int(count), "\(program.count)")
        #expect(loadDeviceFilter(program) == 0, "\(program.count) instructions")
    }

    // Goal: the test above can fail. Method: a program without an end.
    @Test(.enabled(if: geteuid() == 0, "loading a device filter needs root"))
    func brokenDeviceFilter() {
        #expect(loadDeviceFilter(Array(compileDeviceFilter([]).dropLast())) == -EINVAL)
    }
}

private typealias Syscall6 = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

/// A system call by name: its result, or the errno below 0.
private func call(_ name: Bytes, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> Int32 {
    guard case .number(let number) = SyscallName(name).entry(on: .native) else { return -ENOSYS }
    return call(number: Int(number), a, b, c)
}

private func call(number: Int, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> Int32 {
    guard let symbol = dlsym(nil, "syscall") else { return -ENOSYS }
    let result = unsafeBitCast(symbol, to: Syscall6.self)(number, a, b, c, 0, 0, 0)
    return result < 0 ? -errno : Int32(truncatingIfNeeded: result)
}

/// A thread's life under a filter.
private final class FilterTrial: @unchecked Sendable {
    let plan: SeccompPlan
    var loaded: Int32 = -1
    var results: [Int32] = []

    init(_ plan: SeccompPlan) { self.plan = plan }

    /// `struct sock_fprog` of linux/filter.h.
    struct Program {
        var count: UInt16
        var instructions: UnsafeRawPointer?
    }

    func run() {
        // PR_SET_NO_NEW_PRIVS, of this thread only.
        _ = call("prctl", 38, 1)
        plan.program.withUnsafeBytes { bytes in
            var program = Program(count: UInt16(plan.program.count), instructions: bytes.baseAddress)
            loaded = withUnsafePointer(to: &program) {
                call("seccomp", 1, Int(plan.flags), Int(bitPattern: UnsafeRawPointer($0)))
            }
        }
        guard loaded == 0 else { return }
        let netlink = call("socket", 16, 3, 9)
        // getppid is allowed, 1000 is no call, kexec_load has EPERM; netlink's audit is EINVAL; personality 0 is
        // allowed.
        results = [
            min(call("getppid"), 0), call(number: 1000), call("kexec_load"), netlink, min(call("personality", 0), 0),
        ]
    }
}

/// BPF_PROG_LOAD: 0 where the kernel takes the program, the errno below 0 where not.
private func loadDeviceFilter(_ program: [EBPFInstruction]) -> Int32 {
    program.withUnsafeBytes { instructions in
        let license: StaticString = "Apache-2.0"
        // union bpf_attr: type BPF_PROG_TYPE_CGROUP_DEVICE and count, then the two addresses; the rest is 0.
        var attributes = [UInt64](repeating: 0, count: 16)
        attributes[0] = UInt64(program.count) << 32 | 15
        attributes[1] = UInt64(UInt(bitPattern: instructions.baseAddress))
        attributes[2] = UInt64(UInt(bitPattern: license.utf8Start))
        let descriptor = attributes.withUnsafeBytes { call("bpf", 5, Int(bitPattern: $0.baseAddress), 128) }
        if descriptor >= 0 { close(descriptor) }
        return min(descriptor, 0)
    }
}
