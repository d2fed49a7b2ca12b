// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// Lines for fish's complete.
var fishCompletion: Bytes {
    let globals = GlobalOptions.shownEntries.map { line("__hull_without_command", $0) }.joined("")
    let verbs = Verb.allCases.map { verb -> Bytes in
        "complete -c hull -n __hull_without_command -a \(verb.name) -d '\(quoted(verb.page.summary))'\n"
    }.joined("")
    let rows = Verb.allCases.map { verb -> Bytes in
        let condition: Bytes = "'__hull_command \(verb.name)'"
        let operand = verb.operand.map { "complete -c hull -n \(condition)\(action($0))\n" as Bytes } ?? ""
        return verb.shownEntries.map { line(condition, $0) }.joined("") + operand
    }.joined("")
    let names = Verb.allCases.map(\.name).joined(" ")
    return """
        # fish completion for hull, printed by: hull completion fish
        complete -c hull -f
        function __hull_without_command
            not __fish_seen_subcommand_from \(names)
        end
        function __hull_command
            __fish_seen_subcommand_from $argv[1]
        end
        function __hull_containers
            set -l words (commandline -opc)
            set -l place (contains -i -- --root $words)
            if test -n "$place"
                hull --root $words[(math $place + 1)] list -q 2> /dev/null
            else
                hull list -q 2> /dev/null
            end
        end
        \(globals)\(verbs)\(rows)
        """
}

private func line(_ condition: Bytes, _ entry: OptionEntry) -> Bytes {
    let letter = entry.letter.map { " -s \(Bytes([$0]))" as Bytes } ?? ""
    let value = entry.argument.map { completed(Completed($0)) } ?? ""
    return "complete -c hull -n \(condition) -l \(entry.name)\(letter)\(value) -d '\(quoted(entry.help))'\n"
}

private func action(_ completed: Completed) -> Bytes {
    switch completed {
    case .words(let words): " -a '\(words.joined(" "))'"
    case .container: " -a '(__hull_containers)'"
    case .directory: " -a '(__fish_complete_directories)'"
    case .file: " -F"
    case .unknown: ""
    }
}

/// Of an option: a word must follow, and only where it is a file are files offered.
private func completed(_ completed: Completed) -> Bytes { completed == .file ? " -r -F" : " -x" + action(completed) }

private func quoted(_ text: Bytes) -> Bytes {
    Bytes(text.array.flatMap { $0 == UInt8(ascii: "'") ? Array("\\'".utf8) : [$0] })
}
