// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `hull --help` prints, or `hull VERB --help`.
package func helpText(_ verb: Verb?) -> Bytes { verb.map(verbHelp) ?? globalHelp }

private var globalHelp: Bytes {
    overviewText(
        "hull: a low-level OCI container runtime", program: "hull",
        commands: Verb.allCases.map { ($0.name, $0.page.summary) },
        globals: GlobalOptions.table.map(\.entry), example: "spec --bundle /srv/web && hull run --bundle /srv/web web")
}

private func verbHelp(_ verb: Verb) -> Bytes {
    pageText(verb.page, of: verb.name, program: "hull", entries: verb.entries)
}

/// The help of a program: its commands, and the options before them.
func overviewText(
    _ title: Bytes, program: Bytes, commands: [(name: Bytes, summary: Bytes)], globals: [OptionEntry], example: Bytes
) -> Bytes {
    return """
        \(title)

        Usage: \(program) [GLOBAL OPTION...] COMMAND [OPTION...] [ARGUMENT...]
               \(program) COMMAND --help

        Commands:
        \(commands.map { row("  " + $0.name, $0.summary, column: 14) }.joined(""))
        Global options:
        \(optionRows(globals))
        Example:
          hull \(example)

        """
}

/// The help of a command.
func pageText(_ page: VerbPage, of name: Bytes, program: Bytes, entries: [OptionEntry]) -> Bytes {
    let usage = ["\(program) [GLOBAL OPTION...]", name, "[OPTION...]", page.operands].filter { !$0.isEmpty }
    let more = page.more.map { $0 + "\n\n" } ?? ""
    return """
        \(program) \(name): \(page.summary)

        Usage: \(usage.joined(" "))

        \(more)Options:
        \(optionRows(entries))
        Example:
          hull \(page.example)

        """
}

/// A row for each option that is meant for people, with help itself as the last.
private func optionRows(_ entries: [OptionEntry]) -> Bytes {
    let help = OptionEntry(name: "help", letter: UInt8(ascii: "h"), argument: nil, help: "print this help")
    let shown = entries.filter { !$0.isHidden } + [help]
    let heads = shown.map(head)
    let column = min(32, (heads.map(\.count).max() ?? 0) + 2)
    return zip(heads, shown).map { head, entry in
        row(head, entry.isRepeatable ? entry.help + "; may be repeated" : entry.help, column: column)
    }.joined("")
}

private func head(_ entry: OptionEntry) -> Bytes {
    let letter: Bytes = entry.letter.map { "  -\(Bytes([$0])), " } ?? "      "
    return letter + "--" + entry.name + (entry.argument.map { " " + $0 } ?? "")
        + (entry.optionalArgument.map { "[=\($0)]" } ?? "")
}

/// A head and a text that starts at the column, on the next line where the head is too long; broken at 80 columns.
private func row(_ head: Bytes, _ text: Bytes, column: Int) -> Bytes {
    let margin = spaces(column)
    var line = head.count + 2 <= column ? head + spaces(column - head.count) : head + "\n" + margin
    var used = column
    for word in text.split(UInt8(ascii: " ")) {
        if used > column, used + 1 + word.count > 79 {
            line = line + "\n" + margin
            used = column
        }
        line = used > column ? line + " " + word : line + word
        used += (used > column ? 1 : 0) + word.count
    }
    return line + "\n"
}

private func spaces(_ count: Int) -> Bytes { Bytes([UInt8](repeating: UInt8(ascii: " "), count: count)) }
