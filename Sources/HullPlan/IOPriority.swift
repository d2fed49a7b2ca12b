// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// What `process.ioPriority` asks for; `pointer` is `/process/ioPriority`.
package func resolveIOPriority(
    _ said: Config.Process.IOPriority?, at pointer: JSONPointer, _ findings: inout Findings
) -> IOPriority? {
    guard let said else { return nil }
    // The text of the specification requires a level, its schema does not: without one it is the highest, 0.
    let level = said.priority ?? 0
    if !(0...7).contains(level) {
        findings.error(pointer.appending("priority"), "\(level) is outside 0 (highest) to 7 (lowest)")
    }
    guard let number = IOPriority.classes.number(said.class) else {
        findings.unknown(
            pointer.appending("class"), "I/O priority class", said.class, among: IOPriority.classes.names,
            prefix: "IOPRIO_CLASS_")
        return nil
    }
    return IOPriority(class: number, level: UInt32(clamping: level))
}
