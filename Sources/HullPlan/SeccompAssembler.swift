// SPDX-License-Identifier: Apache-2.0

internal import HullLinux

/// Writes a graph of decisions as a program, from its end to its start: BPF jumps only forward, so every target is
/// there before the jump, and its distance is known.
struct SeccompAssembler {
    /// Where a node can be entered, counted from the end of the program.
    private struct Entry {
        /// With anything in the accumulator.
        var cold: Int?
        /// With the word of the test in it.
        var loaded: Int?
    }

    private let nodes: [SeccompDecisions.Node]
    private var backwards: [BPFInstruction] = []
    private var entries: [Entry]
    /// Whether some way leads to the node with another word in the accumulator.
    private var enteredCold: [Bool]

    /// A conditional jump skips 255 instructions at most; reaching one target may push the other by an instruction.
    private static let reach = 250

    init(_ decisions: SeccompDecisions) {
        nodes = decisions.nodes
        entries = Array(repeating: Entry(), count: nodes.count)
        enteredCold = Array(repeating: false, count: nodes.count)
    }

    /// The program that starts with that node.
    consuming func assemble(from start: Int) -> [BPFInstruction] {
        enteredCold[start] = true
        for node in inWritingOrder(start) { write(node) }
        if case .answer(let answer) = nodes[start] { _ = placeAnswer(answer, start) }
        return backwards.reversed()
    }

    /// The tests that can be reached, each after those that it leads to, near to the first that leads to it.
    private mutating func inWritingOrder(_ start: Int) -> [Int] {
        var order: [Int] = []
        var state = [UInt8](repeating: 0, count: nodes.count)
        var stack = [start]
        while let node = stack.last {
            guard case .test(let test, let yes, let no) = nodes[node], state[node] < 2 else {
                stack.removeLast()
                continue
            }
            state[node] += 1
            if state[node] == 2 {
                order.append(node)
                continue
            }
            for next in [yes, no] {
                noteEntry(next, from: test.word)
                if state[next] == 0 { stack.append(next) }
            }
        }
        return order
    }

    private mutating func noteEntry(_ node: Int, from word: SeccompTest.Word) {
        if case .test(let test, _, _) = nodes[node], test.word != word { enteredCold[node] = true }
    }

    private mutating func write(_ node: Int) {
        guard case .test(let test, let yes, let no) = nodes[node] else { return }
        let yesPlace = place(yes, after: test.word)
        let noPlace = place(no, after: test.word)
        let here = backwards.count
        backwards.append(
            BPFInstruction(
                code: test.code, jt: UInt8(here - yesPlace - 1), jf: UInt8(here - noPlace - 1), k: test.constant))
        entries[node].loaded = here
        guard enteredCold[node] else { return }
        if test.word.mask != .max {
            backwards.append(BPFInstruction(code: BPFInstruction.Code.and, k: test.word.mask))
        }
        backwards.append(BPFInstruction(code: BPFInstruction.Code.load, k: UInt32(test.word.offset)))
        entries[node].cold = backwards.count - 1
    }

    /// A place near enough where the target can be entered. Answers are cheaper said again than jumped to.
    private mutating func place(_ target: Int, after word: SeccompTest.Word) -> Int {
        switch nodes[target] {
        case .answer(let answer):
            if let place = entries[target].cold, isNear(place) { return place }
            return placeAnswer(answer, target)
        case .test(let test, _, _):
            let loaded = test.word == word
            guard let place = loaded ? entries[target].loaded : entries[target].cold else {
                preconditionFailure("a filter must not jump to what is not written yet")
            }
            if isNear(place) { return place }
            let here = backwards.count
            backwards.append(BPFInstruction(code: BPFInstruction.Code.jump, k: UInt32(here - place - 1)))
            if loaded { entries[target].loaded = here } else { entries[target].cold = here }
            return here
        }
    }

    private func isNear(_ place: Int) -> Bool { backwards.count - place <= Self.reach }

    private mutating func placeAnswer(_ answer: SeccompAnswer, _ node: Int) -> Int {
        backwards.append(BPFInstruction(code: BPFInstruction.Code.answer, k: answer.value))
        entries[node].cold = backwards.count - 1
        return backwards.count - 1
    }
}
