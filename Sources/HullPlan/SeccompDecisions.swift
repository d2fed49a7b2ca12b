// SPDX-License-Identifier: Apache-2.0

internal import HullLinux

/// A question about a 32-bit word of `struct seccomp_data`.
struct SeccompTest: Hashable {
    /// Which word, and which bits of it: what the accumulator must hold before the question can be asked.
    struct Word: Hashable {
        var offset: UInt8
        var mask: UInt32 = .max
    }

    var word: Word
    /// `BPFInstruction.Code.equal`, `.greater`, `.atLeast` or `.anyBit`.
    var code: UInt16
    var constant: UInt32

    /// The answer where it does not depend on the word.
    var always: Bool? {
        switch code {
        case BPFInstruction.Code.atLeast where constant == 0: true
        case BPFInstruction.Code.greater where constant == .max: false
        case BPFInstruction.Code.anyBit where constant == 0: false
        case BPFInstruction.Code.equal where constant & ~word.mask != 0: false
        case BPFInstruction.Code.equal where word.mask == 0: true
        default: nil
        }
    }
}

/// A graph of questions that ends in answers. Equal parts exist once, however often they are asked for: the chains of
/// an argument rule are the same on x32 and i386, and so are most answers.
struct SeccompDecisions {
    enum Node: Hashable {
        case answer(SeccompAnswer)
        case test(SeccompTest, yes: Int, no: Int)
    }

    /// A node comes after the nodes it leads to.
    private(set) var nodes: [Node] = []
    /// Where a test may be among the nodes, by its hash: a table that is never more than half full. Not a dictionary,
    /// whose hash and whose type that is made at run time would take as long as all the rest.
    private var slots = [Int32](repeating: -1, count: 1024)
    /// The few answers, asked for once for each system call.
    private var answers: [Int] = []

    init() { nodes.reserveCapacity(384) }

    mutating func answer(_ answer: SeccompAnswer) -> Int {
        for node in answers { if case .answer(answer) = nodes[node] { return node } }
        nodes.append(.answer(answer))
        answers.append(nodes.count - 1)
        return nodes.count - 1
    }

    /// The node that asks, or the one where it leads if the question is needless.
    mutating func test(_ test: SeccompTest, yes: Int, no: Int) -> Int {
        if let always = test.always { return always ? yes : no }
        let yes = assuming(test, true, at: yes)
        let no = assuming(test, false, at: no)
        return yes == no ? yes : place(test, yes: yes, no: no)
    }

    /// Where a node leads once it is known how the question is answered.
    func assuming(_ known: SeccompTest, _ answer: Bool, at start: Int) -> Int {
        var node = start
        while case .test(known, let yes, let no) = nodes[node] { node = answer ? yes : no }
        return node
    }

    private mutating func place(_ test: SeccompTest, yes: Int, no: Int) -> Int {
        let node = Node.test(test, yes: yes, no: no)
        var slot = slot(of: test, yes, no)
        while slots[slot] >= 0 {
            if nodes[Int(slots[slot])] == node { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(truncatingIfNeeded: nodes.count)
        nodes.append(node)
        if nodes.count * 2 > slots.count { growSlots() }
        return nodes.count - 1
    }

    /// Fibonacci hashing: the product's high bits depend on all bits of the key.
    private func slot(of test: SeccompTest, _ yes: Int, _ no: Int) -> Int {
        let asked = test.word.mask ^ UInt32(test.code) << 8 ^ UInt32(test.word.offset)
        var key = UInt64(test.constant) << 32 | UInt64(asked)
        key = (key ^ UInt64(truncatingIfNeeded: yes &* 0x1_0001 &+ no)) &* 0x9e37_79b9_7f4a_7c15
        return Int(key >> 32) & (slots.count - 1)
    }

    private mutating func growSlots() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (index, node) in nodes.enumerated() {
            guard case .test(let test, let yes, let no) = node else { continue }
            var slot = slot(of: test, yes, no)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: index)
        }
    }
}

extension SeccompDecisions {
    /// Leads to `yes` where the condition holds, else to `no`.
    mutating func condition(
        _ condition: SeccompCondition, on architecture: Architecture, yes: Int, no: Int
    ) -> Int {
        let halves = Halves(condition, architecture)
        switch condition.comparison {
        case .equal, .maskedEqual: return equal(halves, condition, yes: yes, no: no)
        case .notEqual: return equal(halves, condition, yes: no, no: yes)
        case .greater: return ordered(halves, BPFInstruction.Code.greater, yes: yes, no: no)
        case .lessOrEqual: return ordered(halves, BPFInstruction.Code.greater, yes: no, no: yes)
        case .greaterOrEqual: return ordered(halves, BPFInstruction.Code.atLeast, yes: yes, no: no)
        case .less: return ordered(halves, BPFInstruction.Code.atLeast, yes: no, no: yes)
        }
    }

    private mutating func equal(_ halves: Halves, _ condition: SeccompCondition, yes: Int, no: Int) -> Int {
        guard let high = halves.high else { return bits(halves.low, halves.lowMask, halves.lowValue, yes: yes, no: no) }
        // Rules for one call mostly differ in the low half only: the high one need not be asked again.
        let same = SeccompTest(word: .init(offset: high), code: BPFInstruction.Code.equal, constant: halves.highValue)
        let whole = halves.highMask == .max
        let otherwise = whole ? assuming(same, true, at: no) : no
        let inner = bits(halves.low, halves.lowMask, halves.lowValue, yes: yes, no: otherwise)
        return bits(high, halves.highMask, halves.highValue, yes: inner, no: no)
    }

    /// Whether the bits of the mask are those of the value.
    private mutating func bits(_ offset: UInt8, _ mask: UInt32, _ value: UInt32, yes: Int, no: Int) -> Int {
        let any = SeccompTest(word: .init(offset: offset), code: BPFInstruction.Code.anyBit, constant: mask)
        if mask != .max, value == 0 { return test(any, yes: no, no: yes) }
        if value == mask, mask.nonzeroBitCount == 1 { return test(any, yes: yes, no: no) }
        let word = SeccompTest.Word(offset: offset, mask: mask)
        return test(SeccompTest(word: word, code: BPFInstruction.Code.equal, constant: value), yes: yes, no: no)
    }

    private mutating func ordered(_ halves: Halves, _ code: UInt16, yes: Int, no: Int) -> Int {
        let lowTest = SeccompTest(word: .init(offset: halves.low), code: code, constant: halves.lowValue)
        let low = test(lowTest, yes: yes, no: no)
        guard let offset = halves.high else { return low }
        let word = SeccompTest.Word(offset: offset)
        let same = SeccompTest(word: word, code: BPFInstruction.Code.equal, constant: halves.highValue)
        if halves.highValue == 0 { return test(same, yes: low, no: yes) }
        let more = SeccompTest(word: word, code: BPFInstruction.Code.greater, constant: halves.highValue)
        return test(more, yes: yes, no: test(same, yes: low, no: no))
    }
}

/// The two words of an argument, and what they are compared with; one word on 32-bit architectures.
private struct Halves {
    let low: UInt8
    let lowValue: UInt32
    let lowMask: UInt32
    let high: UInt8?
    let highValue: UInt32
    let highMask: UInt32

    init(_ condition: SeccompCondition, _ architecture: Architecture) {
        // struct seccomp_data: number, architecture, instruction pointer, then six arguments of 64 bits.
        let offset = 16 + 8 * condition.argument
        low = architecture.isLittleEndian ? offset : offset + 4
        high = architecture.is64Bit ? (architecture.isLittleEndian ? offset + 4 : offset) : nil
        lowValue = UInt32(truncatingIfNeeded: condition.value)
        lowMask = UInt32(truncatingIfNeeded: condition.mask)
        highValue = UInt32(truncatingIfNeeded: condition.value >> 32)
        highMask = UInt32(truncatingIfNeeded: condition.mask >> 32)
    }
}
