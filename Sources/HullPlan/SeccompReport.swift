// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// What a report of denied calls goes by: the filter as the profile has it, while the one that is loaded asks about
/// what it would have denied.
package struct SeccompReportPlan: Sendable {
    /// The filter of the profile.
    package let program: [BPFInstruction]
    /// For each call that the profile allows on conditions, the arguments that they look at.
    package let conditions: [Entry<[UInt32]>]

    /// What the profile does with the call.
    package func answer(to call: FilteredCall) -> SeccompAnswer {
        BPFInstruction.answer(of: program, to: call.words(littleEndian: Architecture.native.isLittleEndian))
    }
}

extension Resolution {
    /// Has the filter ask where it would deny. A call that ends in a handler of the program (SCMP_ACT_TRAP) or at a
    /// tracer is left alone: nobody else can make a program see that.
    mutating func resolveSeccompReport() {
        guard request.seccompReport else { return }
        let place: JSONPointer = config.linux == nil ? "/linux" : "/linux/seccomp"
        guard !plan.process.filter.isEmpty else {
            return findings.error(place, "there is no filter: nothing will be denied, and nothing reported")
        }
        if let listener = plan.process.listener {
            return findings.error(
                listener.origin, "an agent listens to this filter, and a filter has one listener",
                hint: "run without --seccomp-report")
        }
        plan.process.report = SeccompReportPlan(
            program: plan.process.filter, conditions: seccompConditions(config.linux?.seccomp))
        for index in plan.process.filter.indices where isDenial(plan.process.filter[index]) {
            plan.process.filter[index].k = SeccompAnswer.notify.value
        }
        var flags = SeccompFlags(rawValue: plan.process.filterFlags)
        flags.insert(.newListener)
        flags.remove(.synchronizeThreads)
        // A signal must not interrupt a call that would have come back at once.
        if host.hasKernel(5, 19) { flags.insert(.waitKillable) }
        plan.process.filterFlags = flags.rawValue
    }
}

private func isDenial(_ instruction: BPFInstruction) -> Bool {
    guard instruction.code == BPFInstruction.Code.answer else { return false }
    return SeccompAnswer(instruction.k).action.map { $0 == "SCMP_ACT_TRAP" } == false
}

extension SeccompAnswer {
    /// The word of the specification for an answer that denies; nil for one that does not, or that leaves it to
    /// somebody else.
    fileprivate var action: Bytes? {
        if self == .killProcess { return "SCMP_ACT_KILL_PROCESS" }
        if self == .killThread { return "SCMP_ACT_KILL_THREAD" }
        if value & 0xffff_0000 == SeccompAnswer.trap.value { return "SCMP_ACT_TRAP" }
        return isErrno ? "SCMP_ACT_ERRNO" : nil
    }

    private var isErrno: Bool { value & 0xffff_0000 == SeccompAnswer.errno(0).value }

    /// The errno that the caller sees; nil where the answer is no errno.
    package var errno: Errno? { isErrno ? Errno(rawValue: Int32(value & 0xffff)) : nil }
}

private func seccompConditions(_ said: Config.Linux.Seccomp?) -> [Entry<[UInt32]>] {
    var result: [Entry<[UInt32]>] = []
    for rule in said?.syscalls ?? [] {
        let looked = (rule.args ?? []).map(\.index)
        guard !looked.isEmpty else { continue }
        for name in rule.names {
            if let index = result.firstIndex(where: { $0.key == name }) {
                result[index].value = (Set(result[index].value).union(looked)).sorted()
            } else {
                result.append(Entry(key: name, value: Set(looked).sorted()))
            }
        }
    }
    return result
}

/// The calls that were denied, as they come.
package struct DeniedCalls: Sendable {
    /// The report so far.
    package private(set) var report = SeccompReport()
    private let conditions: [Entry<[UInt32]>]
    /// The first calls of a kind tell enough: a program that asks again and again must not fill the memory.
    private static let kinds = 512
    private static let examples = 4

    /// None yet.
    package init(_ plan: SeccompReportPlan) { conditions = plan.conditions }

    /// Adds a call with what the profile answered.
    package mutating func add(_ call: FilteredCall, _ answer: SeccompAnswer, pid: Int, _ command: Bytes) {
        guard let action = answer.action else { return }
        let architecture = call.architecture
        let name = architecture?.syscallName(call.number)
        let shown = architecture?.name ?? "0x" + hexadecimal(UInt64(call.audit))
        let errno = answer.errno?.name
        let known = report.denied.firstIndex {
            $0.number == call.number && $0.architecture == shown && $0.action == action && $0.errno == errno
        }
        if known == nil, report.denied.count >= Self.kinds { return }
        if known == nil {
            report.denied.append(
                SeccompReport.Denied(
                    name, number: call.number, architecture: shown, action: action, errno: errno,
                    conditions: conditions.first { $0.key == name }?.value ?? []))
        }
        let index = known ?? report.denied.count - 1
        report.denied[index].count += 1
        let isNew = !report.denied[index].calls.contains { $0.arguments == call.arguments }
        if isNew, report.denied[index].calls.count < Self.examples {
            report.denied[index].calls.append(SeccompReport.Call(pid: pid, command, call.arguments))
        }
    }
}

extension FilteredCall {
    /// By whose table the number counts; x32 has the audit number of x86_64, and a bit of its own.
    fileprivate var architecture: Architecture? {
        if audit == Architecture.x86_64.audit { return number & 0x4000_0000 != 0 ? .x32 : .x86_64 }
        return Architecture.all.first { $0.audit == audit }
    }
}

private func hexadecimal(_ value: UInt64) -> Bytes { Bytes(String(value, radix: 16)) }
