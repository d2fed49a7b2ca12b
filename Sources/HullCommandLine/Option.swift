// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What a person sees of an option: help, completions and man pages are written from this.
package struct OptionEntry: Sendable {
    /// The long name, without dashes.
    package let name: Bytes
    /// The letter, where there is one.
    package let letter: UInt8?
    /// What the value is called; nil where the option is a switch.
    package let argument: Bytes?
    /// The same of a value that may be left out.
    package var optionalArgument: Bytes?
    /// One sentence without a full stop.
    package let help: Bytes
    /// Each use adds to the ones before; otherwise the last one counts.
    package var isRepeatable = false
    /// Accepted because engines pass it, but of no use to a person.
    package var isHidden = false
}

/// A row of the table that says what a verb understands: how the option looks and where its value goes.
package struct Option<Target> {
    /// How the option looks.
    package private(set) var entry: OptionEntry
    /// Puts the value, or `true` and `false` for a switch, into the verb's options.
    let store: (inout Target, Bytes) throws(UsageProblem) -> Void

    /// A switch; `--name=false` switches it off, as Go's flags do.
    static func flag(
        _ name: Bytes, letter: Unicode.Scalar? = nil, _ help: Bytes, _ set: @escaping (inout Target, Bool) -> Void
    ) -> Option {
        Option(entry: entry(name, letter, nil, help)) { (target: inout Target, value) throws(UsageProblem) in
            set(&target, try parseBool(value, of: name))
        }
    }

    /// An option with a value that is taken as it is.
    static func text(
        _ name: Bytes, letter: Unicode.Scalar? = nil, _ argument: Bytes, _ help: Bytes,
        _ set: @escaping (inout Target, Bytes) throws(UsageProblem) -> Void
    ) -> Option {
        Option(entry: entry(name, letter, argument, help), store: set)
    }

    /// A switch that may have a value: `--name` alone means the one given here, `--name=false` none.
    static func optional(
        _ name: Bytes, _ argument: Bytes, or standard: Bytes, _ help: Bytes,
        _ set: @escaping (inout Target, Bytes?) -> Void
    ) -> Option {
        var entry = entry(name, nil, nil, help)
        entry.optionalArgument = argument
        return Option(entry: entry) { (target: inout Target, value) throws(UsageProblem) in
            set(&target, value == "true" ? standard : value == "false" ? nil : value)
        }
    }

    /// An option with a path. Engines written in Go pass an empty path for "none"; it counts as not given.
    static func path(
        _ name: Bytes, letter: Unicode.Scalar? = nil, _ argument: Bytes, _ help: Bytes,
        _ set: @escaping (inout Target, Bytes?) -> Void
    ) -> Option {
        Option(entry: entry(name, letter, argument, help)) { (target: inout Target, value) throws(UsageProblem) in
            set(&target, value.isEmpty ? nil : value)
        }
    }

    /// An option whose value is one of a few words.
    static func choice<Choice: Word>(
        _ name: Bytes, letter: Unicode.Scalar? = nil, _ help: Bytes, _ set: @escaping (inout Target, Choice) -> Void
    ) -> Option {
        let argument = Choice.allCases.map { $0.word }.joined("|")
        return text(name, letter: letter, argument, help) { (target: inout Target, value) throws(UsageProblem) in
            set(&target, try parseWord(value, of: name))
        }
    }

    /// The same option, which may be given several times.
    var repeatable: Option {
        var copy = self
        copy.entry.isRepeatable = true
        return copy
    }

    /// The same option, left out of the help.
    var hidden: Option {
        var copy = self
        copy.entry.isHidden = true
        return copy
    }

    /// The same option in the table of a verb whose options contain these.
    func inside<Outer>(
        _ enter: @escaping (inout Outer, (inout Target) throws(UsageProblem) -> Void) throws(UsageProblem) -> Void
    ) -> Option<Outer> {
        let store = self.store
        return Option<Outer>(entry: entry) { (outer: inout Outer, value) throws(UsageProblem) in
            try enter(&outer) { (target: inout Target) throws(UsageProblem) in try store(&target, value) }
        }
    }

    private static func entry(
        _ name: Bytes, _ letter: Unicode.Scalar?, _ argument: Bytes?, _ help: Bytes
    ) -> OptionEntry {
        let byte = letter.map { UInt8(truncatingIfNeeded: $0.value) }
        return OptionEntry(name: name, letter: byte, argument: argument, help: help)
    }
}

/// A value that is one of a few words.
package protocol Word: CaseIterable, Sendable {
    /// How it is written.
    var word: Bytes { get }
}
