// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Whatever cuts a call off, `delete --force` finds all that it left and removes it; what cannot go on fails and tells
/// it.
@Suite(.runnable)
struct Faults {
    // Goal: the record says enough at every moment. Method: SIGKILL at the entry of each of its system calls.
    @Test("hull killed at any system call", .timeLimit(.minutes(30)), arguments: Act.allCases, Wealth.allCases)
    func killed(act: Act, wealth: Wealth) throws {
        let problems = try Sweep(act: act, wealth: wealth, blow: .kill).play()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    // Goal: no wait without an end, no success without the work. Method: SIGKILL for the container's first process, or
    // the one of exec, at each of its system calls before its program.
    @Test(
        "the container's process killed at any system call", .timeLimit(.minutes(30)),
        arguments: [Act.runDetached, .exec], Wealth.allCases)
    func processKilled(act: Act, wealth: Wealth) throws {
        let problems = try Sweep(act: act, wealth: wealth, who: 1, blow: .kill).play()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    // Goal: a call that the kernel refuses is a failure that undoes what was done. Method: EIO (5) once, at each call.
    @Test("any system call of hull refused", .timeLimit(.minutes(30)), arguments: Act.allCases, Wealth.allCases)
    func refused(act: Act, wealth: Wealth) throws {
        let problems = try Sweep(act: act, wealth: wealth, blow: .fail(errno: 5)).play()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    @Test(
        "any system call of the container's process refused", .timeLimit(.minutes(30)),
        arguments: [Act.runDetached, .exec], Wealth.allCases)
    func processRefused(act: Act, wealth: Wealth) throws {
        let problems = try Sweep(act: act, wealth: wealth, who: 1, blow: .fail(errno: 5)).play()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }
}
