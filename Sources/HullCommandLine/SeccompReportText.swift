// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// The report of denied system calls for people: a line for each call, an indented one for each way it was called, and
/// the rules that would allow it. Ends with a newline.
package func seccompReportText(_ report: SeccompReport, _ id: Bytes) -> Bytes {
    guard !report.denied.isEmpty else { return "hull run \(id): the filter denied no system call\n" }
    var text: Bytes = "hull run \(id): the filter denied these system calls; to allow one, add its rule to "
    text = text + "/linux/seccomp/syscalls\n"
    for denied in report.denied {
        let name = denied.syscall ?? "number \(denied.number)"
        let outcome = denied.errno.map { "\(denied.action) \($0)" as Bytes } ?? denied.action
        let times: Bytes = denied.count == 1 ? "once" : "\(denied.count) times"
        text = text + "\(name) (\(denied.architecture)): \(outcome), \(times)\n"
        for call in denied.calls {
            let arguments = call.arguments.map { "0x\(String($0, radix: 16))" as Bytes }.joined(", ")
            text = text + "    \(printable(call.command))[\(call.pid)] \(name)(\(arguments))\n"
        }
        for rule in denied.rules { text = text + "    \(Bytes(JSONWriter.text(of: rule)))\n" }
        if denied.rules.isEmpty { text = text + "    newer than hull's tables: a rule cannot name it\n" }
    }
    return text
}
