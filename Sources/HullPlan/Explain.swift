// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
internal import HullOCI

/// The plan as text, for people and for comparison: both lists, one line for each step, and what the steps refer to.
///
/// It is made from the values that the executors run, so it cannot say anything else than what is done. Columns do not
/// depend on what stands in other lines: a difference of two texts shows the steps that differ and no others.
package func explain(_ plan: ContainerPlan) -> Bytes {
    var text = PlanText()
    text.line("container \(plan.id)")
    text.field("bundle", plan.bundle)
    if !plan.rootfs.isEmpty { text.field("rootfs", plan.rootfs) }
    text.heading("outside")
    for (index, step) in plan.outside.enumerated() {
        text.step(index, "outside", words(for: step.action, plan), step.origin)
    }
    text.heading("inside")
    for (index, step) in plan.inside.enumerated() {
        text.step(index, "inside", words(for: step.action, plan), step.origin)
    }
    text.mountTable(plan)
    text.idMaps(plan)
    text.cgroup(plan.cgroup, plan.outside)
    text.intelRdt(plan.intelRdt)
    text.process(plan.process)
    text.capabilities(plan.process.capabilities)
    text.hooks(plan.hooks)
    text.annotations(plan.annotations)
    text.warnings(plan.warnings)
    return text.bytes
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

/// Lines of text as they grow.
struct PlanText {
    private(set) var bytes: Bytes = ""

    /// One line. What comes from a config is made fit for a terminal: a newline in a path must not look like a step.
    mutating func line(_ text: Bytes) {
        bytes.array += printable(text).array
        bytes.array.append(0x0a)
    }

    /// The beginning of a section.
    mutating func heading(_ name: Bytes) {
        bytes.array.append(0x0a)
        line(name)
    }

    /// A name and its value.
    mutating func field(_ name: Bytes, _ value: Bytes) { row([(name, 15), (value, 0)]) }

    /// A step with its number, from 1, and the field that asked for it; none where every container has the step.
    mutating func step(_ index: Int, _ side: Bytes, _ words: StepWords, _ origin: JSONPointer) {
        let number = Bytes(decimal: index + 1).padded(to: 3, left: true)
        let start = "\(number) \(side.padded(to: 7)) \(words.verb.padded(to: 13)) \(words.object)" as Bytes
        line(origin == .root ? start.trimmedEnd : "\(start.padded(to: 87)) [\(origin.text)]")
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
