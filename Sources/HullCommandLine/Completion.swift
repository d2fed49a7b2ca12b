// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A shell that can complete words.
package enum Shell: Word {
    case bash, zsh, fish

    package var word: Bytes {
        switch self {
        case .bash: "bash"
        case .zsh: "zsh"
        case .fish: "fish"
        }
    }
}

/// What `completion` was told.
package struct CompletionOptions: VerbOptions {
    /// The shell that is to complete.
    package var shell = Shell.bash

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "print a script by which a shell completes hull's words", operands: "bash|zsh|fish",
            more: """
                bash: hull completion bash > /usr/share/bash-completion/completions/hull
                zsh:  hull completion zsh > /usr/share/zsh/vendor-completions/_hull
                fish: hull completion fish > /usr/share/fish/vendor_completions.d/hull.fish
                """, example: "completion bash")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        guard let word = operands.first else { throw .missing("the shell (bash, zsh or fish)") }
        if operands.count > 1 { throw .unexpected(operands[1]) }
        guard let shell = Shell.allCases.first(where: { $0.word == word }) else { throw .unexpected(word) }
        self.shell = shell
    }
}

/// The script by which the shell completes hull's words, from the tables that the help is made of.
package func completionScript(_ shell: Shell) -> Bytes {
    switch shell {
    case .bash: bashCompletion
    case .zsh: zshCompletion
    case .fish: fishCompletion
    }
}

/// What a word after an option, or an operand, can be.
enum Completed: Equatable {
    /// One of these.
    case words([Bytes])
    /// The name of a container.
    case container
    /// A directory.
    case directory
    /// A file of any kind.
    case file
    /// Nothing that is known.
    case unknown

    /// By the word that the help has for it.
    init(_ argument: Bytes) {
        let alternatives = argument.split(UInt8(ascii: "|"))
        switch argument {
        case "DIR", "BUNDLE", "tmpfs[:SIZE]|DIR": self = .directory
        case "FILE", "SOCKET", "-|FILE": self = .file
        case "ID": self = .container
        case "COMMAND": self = .words(Verb.allCases.map(\.name))
        default:
            self = alternatives.count > 1 && alternatives.allSatisfy(isLowercase) ? .words(alternatives) : .unknown
        }
    }
}

private func isLowercase(_ word: Bytes) -> Bool {
    word.array.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-") }
}

extension Verb {
    /// The options that are meant for people.
    var shownEntries: [OptionEntry] { entries.filter { !$0.isHidden } }

    /// What its first operand can be; nil where it has none.
    var operand: Completed? {
        let first = page.operands.split(UInt8(ascii: " ")).first
        return first.map { Completed(Bytes($0.array.filter { !"[]".utf8.contains($0) })) }
    }
}

extension GlobalOptions {
    /// The global options that are meant for people.
    static var shownEntries: [OptionEntry] { table.map(\.entry).filter { !$0.isHidden } }
}

extension OptionEntry {
    /// `--name`, and `-n` where there is a letter.
    var spellings: [Bytes] { (letter.map { ["-\(Bytes([$0]))"] } ?? []) + ["--\(name)"] }
}
