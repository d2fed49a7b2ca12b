// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullPlan

/// Reads words by a table of options. One parser for the globals and for every verb.
struct Parser<Target> {
    let table: [Option<Target>]
    /// Whether the first operand ends the options: for the globals, and where a command of the container follows.
    let stopsAtOperand: Bool
    /// Names that are known elsewhere: said in the hint for an unknown option.
    private let globals: () -> [OptionEntry]

    /// The words and how far they are read.
    private(set) var words: ArraySlice<Bytes>
    private(set) var operands: [Bytes] = []
    /// `--help` was met; nothing after it was looked at.
    private(set) var wantsHelp = false

    init(
        _ words: ArraySlice<Bytes>, by table: [Option<Target>], stopsAtOperand: Bool,
        globals: @escaping @autoclosure () -> [OptionEntry] = []
    ) {
        self.words = words
        self.table = table
        self.stopsAtOperand = stopsAtOperand
        self.globals = globals
    }

    /// Reads options into `target`, and operands; where the options end at an operand, the rest stays in `words`.
    mutating func read(into target: inout Target) throws(UsageProblem) {
        while let word = words.first, !wantsHelp {
            if word == "--" {
                words.removeFirst()
                return endOptions()
            }
            guard word.hasPrefix("-"), word != "-" else {
                if stopsAtOperand { return endOptions() }
                operands.append(word)
                words.removeFirst()
                continue
            }
            words.removeFirst()
            try word.hasPrefix("--") ? readLong(word, word.dropFirst(2), &target) : readShort(word, &target)
        }
    }

    private mutating func endOptions() {
        operands += words
        words = []
    }

    /// `--name`, `--name=value`, `--name value`.
    private mutating func readLong(_ word: Bytes, _ body: Bytes, _ target: inout Target) throws(UsageProblem) {
        let (name, value) = splitAtEquals(body)
        if name == "help", value == nil {
            wantsHelp = true
            return
        }
        guard let option = table.first(where: { $0.entry.name == name }) else { throw unknown(name, in: word) }
        try take(option, value, shown: "--" + name, &target)
    }

    /// `-o`, `-o value`, `-ovalue`, `-o=value`, several switches `-dt`, and `-name` as Go's flag package takes it.
    private mutating func readShort(_ word: Bytes, _ target: inout Target) throws(UsageProblem) {
        let name = splitAtEquals(word.dropFirst(1)).name
        if name.count > 1, name == "help" || table.contains(where: { $0.entry.name == name }) {
            return try readLong(word, word.dropFirst(1), &target)
        }
        var rest = word.dropFirst(1).array[...]
        while let letter = rest.popFirst() {
            let shown = Bytes([UInt8(ascii: "-"), letter])
            if let option = table.first(where: { $0.entry.letter == letter }) {
                let isLast = option.entry.argument != nil || rest.first == UInt8(ascii: "=")
                guard isLast, !rest.isEmpty else {
                    try take(option, nil, shown: shown, &target)
                    continue
                }
                if rest.first == UInt8(ascii: "=") { rest.removeFirst() }
                return try take(option, Bytes(rest), shown: shown, &target)
            }
            guard letter == UInt8(ascii: "h") else { throw unknown(name, in: shown) }
            wantsHelp = true
            return
        }
    }

    private mutating func take(
        _ option: Option<Target>, _ value: Bytes?, shown: Bytes, _ target: inout Target
    ) throws(UsageProblem) {
        if let value { return try option.store(&target, value) }
        guard let argument = option.entry.argument else { return try option.store(&target, "true") }
        guard let next = words.popFirst() else {
            throw UsageProblem(problem: "option \(shown) needs a value: \(argument)")
        }
        try option.store(&target, next)
    }

    private func unknown(_ name: Bytes, in word: Bytes) -> UsageProblem {
        let shown = word.hasPrefix("--") ? "--" + name : word
        if globals().contains(where: { $0.name == name }) {
            return UsageProblem(problem: "unknown option \(shown)", hint: "--\(name) goes before the command")
        }
        let known = table.filter { !$0.entry.isHidden }.map(\.entry.name)
        return UsageProblem(
            problem: "unknown option \(shown)", hint: nearest(to: name, among: known).map { "did you mean --\($0)?" })
    }
}

private func splitAtEquals(_ body: Bytes) -> (name: Bytes, value: Bytes?) {
    guard let equals = body.firstIndex(of: UInt8(ascii: "=")) else { return (body, nil) }
    return (body.prefix(equals), body.dropFirst(equals + 1))
}
