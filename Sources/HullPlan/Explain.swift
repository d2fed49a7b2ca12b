// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// The plan as text, for people and for comparison: both lists, one line for each step, and what the steps refer to.
///
/// It is made from the values that the executors run, so it cannot say anything else than what is done. Columns do not
/// depend on what stands in other lines: a difference of two texts shows the steps that differ and no others.
/// The profile is what the config says of the filter, of which the plan has the program alone.
package func explain(_ plan: ContainerPlan, profile: Config.Linux.Seccomp? = nil) -> Bytes {
    PlanText(plan, profile).lines.map { $0.text + "\n" }.joined("")
}

extension PlanText {
    init(_ plan: ContainerPlan, _ profile: Config.Linux.Seccomp?) {
        self.init()
        write(plan, profile)
    }

    private mutating func write(_ plan: ContainerPlan, _ profile: Config.Linux.Seccomp?) {
        line("container \(plan.id)")
        field("bundle", plan.bundle)
        if !plan.rootfs.isEmpty { field("rootfs", plan.rootfs) }
        heading("outside")
        for (index, action) in plan.outside.enumerated() {
            let words = HullPlan.words(for: action.action, plan)
            step(index, "outside", words, action.origin, HullPlan.words(for: action.action.unnumbered, plan))
        }
        heading("inside")
        for (index, action) in plan.inside.enumerated() {
            let words = HullPlan.words(for: action.action, plan)
            step(index, "inside", words, action.origin, HullPlan.words(for: action.action.unnumbered, plan))
        }
        mountTable(plan)
        idMaps(plan)
        cgroup(plan.cgroup, plan.outside)
        intelRdt(plan.intelRdt)
        process(plan.process, profile)
        capabilities(plan.process.capabilities)
        hooks(plan.hooks)
        annotations(plan.annotations)
        warnings(plan.warnings)
    }
}

/// What a step does: the kernel's word for it, and what it is done to.
struct StepWords {
    var verb: Bytes
    var object: Bytes

    init(_ verb: Bytes, _ object: Bytes) {
        self.verb = verb
        self.object = object
    }
}

/// A line of the text.
struct PlanLine {
    /// The heading above it.
    var section: Bytes
    /// What it says, without the numbers of steps and slots, which depend on the lines before.
    var meaning: Bytes
    var text: Bytes
}

/// Lines of text as they grow.
struct PlanText {
    private(set) var lines: [PlanLine] = []
    private var section: Bytes = ""

    init() {}

    /// One line. What comes from a config is made fit for a terminal: a newline in a path must not look like a step.
    mutating func line(_ text: Bytes, meaning: Bytes? = nil) {
        lines.append(PlanLine(section: section, meaning: meaning ?? text, text: printable(text)))
    }

    /// The beginning of a section.
    mutating func heading(_ name: Bytes) {
        line("")
        section = name
        line(name)
    }

    /// A name and its value.
    mutating func field(_ name: Bytes, _ value: Bytes) { row([(name, 15), (value, 0)]) }

    /// A step with its number, from 1, and the field that asked for it; none where every container has the step.
    mutating func step(
        _ index: Int, _ side: Bytes, _ words: StepWords, _ origin: JSONPointer, _ unnumbered: StepWords
    ) {
        let number = Bytes(decimal: index + 1).padded(to: 3, left: true)
        let start = "\(number) \(side.padded(to: 7)) \(words.verb.padded(to: 13)) \(words.object)" as Bytes
        line(
            origin == .root ? start.trimmedEnd : "\(start.padded(to: 87)) [\(origin.text)]",
            meaning: "\(unnumbered.verb) \(unnumbered.object)")
    }

    /// Cells in columns of fixed width, wider only where a cell does not fit.
    mutating func row(_ cells: [(text: Bytes, width: Int)]) {
        line(("  " + cells.map { $0.text.padded(to: $0.width) }.joined("  ")).trimmedEnd)
    }
}

extension Bytes {
    /// With spaces up to the width.
    fileprivate func padded(to width: Int, left: Bool = false) -> Bytes {
        let spaces = Bytes([UInt8](repeating: 0x20, count: max(0, width - count)))
        return left ? spaces + self : self + spaces
    }

    /// Without spaces at the end.
    fileprivate var trimmedEnd: Bytes {
        guard let last = array.lastIndex(where: { $0 != 0x20 }) else { return "" }
        return Bytes(array[...last])
    }
}
