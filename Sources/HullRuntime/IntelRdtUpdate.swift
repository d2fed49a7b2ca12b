// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullOCI
internal import HullPlan

/// New lines for the class of service that a container has; `update` cannot give one to a container without.
struct IntelRdtChange {
    let resctrl: Resctrl
    /// The directory of the class.
    let group: Bytes
    let lines: [IntelRdtPlan.Line]
    /// What the class had.
    private let former: Bytes

    init(_ lines: [IntelRdtPlan.Line], of group: Bytes, in resctrl: Resctrl) throws(SystemError) {
        self.resctrl = resctrl
        self.group = group
        self.lines = lines
        former = Bytes(try HostFiles.read(group + "/schemata"))
    }

    /// nil where nothing is to be changed.
    init?(_ lines: [IntelRdtPlan.Line], of record: IntelRdtRecord) throws(Failure) {
        guard let first = lines.first else { return nil }
        guard !record.group.isEmpty else {
            throw Failure(
                "the container has no class of service", pointer: first.origin,
                hint: "it gets one when it is made, by linux.intelRdt in its config")
        }
        self = try attempt(first.origin) { () throws(SystemError) in
            try IntelRdtChange(lines, of: record.group, in: try Resctrl.mounted())
        }
    }

    func apply() throws(Failure) {
        for line in lines {
            try attempt(line.origin) { () throws(SystemError) in try resctrl.write(line.text + "\n", to: group) }
        }
    }

    /// Gives the class all that it had, lines that were not touched included.
    func undo() throws(SystemError) { try resctrl.write(former, to: group) }
}
