// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `manual` was told.
package struct ManualOptions: VerbOptions {
    /// The verb; nil for hull itself.
    package var verb: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "print a page of the manual for man(1)", operands: "[COMMAND]",
            more: """
                The page is called hull-COMMAND(8), that of hull itself hull(8). To read it:
                hull manual run | man -l -
                """, example: "manual run")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        verb = operands.first
        if operands.count > 1 { throw .unexpected(operands[1]) }
    }
}

/// A page of the manual in the language of man(7), from the tables that the help is made of; nil for hull itself.
package func manualPage(_ verb: Verb?) -> Bytes { verb.map(verbPage) ?? globalPage }

private var globalPage: Bytes {
    let verbs = Verb.allCases.map { verb -> Bytes in
        ".TP\n\\fBhull\\-\(roff(verb.name))\\fR(8)\n\(line(verb.page.summary)).\n"
    }.joined("")
    return """
        \(heading("HULL"))
        .SH NAME
        hull \\- low\\-level OCI container runtime
        .SH SYNOPSIS
        .B hull
        .RI [ "global option" ]...
        .I command
        .RI [ option ]...
        .RI [ argument ]...
        .SH DESCRIPTION
        hull makes the namespaces, the cgroup, the mounts and the confinement that a
        .I config.json
        of the OCI runtime specification asks for, and executes the container's program in them.
        It does what it is told and ends; engines such as podman, containerd and docker call it for each step of a
        container's life.
        .SH COMMANDS
        \(verbs).SH GLOBAL OPTIONS
        \(options(GlobalOptions.shownEntries)).SH EXIT STATUS
        That of the container's program for
        .B run
        and
        .BR exec ,
        or 128 and the number of the signal that ended it; 255 where
        .B exec
        itself failed, 1 for every other failure.
        .SH FILES
        .TP
        .I /run/hull
        A directory for each container, with its record;
        .I $XDG_RUNTIME_DIR/hull
        for a caller without privileges.
        .SH EXAMPLE
        .EX
        hull spec \\-\\-bundle /srv/web && hull run \\-\\-bundle /srv/web web
        .EE

        """
}

private func verbPage(_ verb: Verb) -> Bytes {
    let page = verb.page
    let operands = page.operands.isEmpty ? "" as Bytes : "\n.I \(roff(page.operands))"
    let more = page.more.map { ".SH DESCRIPTION\n.nf\n\(roff($0))\n.fi\n" as Bytes } ?? ""
    let shown = verb.shownEntries
    return """
        \(heading("HULL\\-" + Bytes(verb.name.array.map { $0 & 0xdf })))
        .SH NAME
        hull\\-\(roff(verb.name)) \\- \(roff(page.summary))
        .SH SYNOPSIS
        .B hull
        .RI [ "global option" ]...
        .B \(roff(verb.name))
        .RI [ option ]...\(operands)
        \(more)\(shown.isEmpty ? "" : ".SH OPTIONS\n" + options(shown)).SH EXAMPLE
        .EX
        hull \(roff(page.example))
        .EE
        .SH SEE ALSO
        .BR hull (8)

        """
}

private func heading(_ title: Bytes) -> Bytes { ".TH \(title) 8 \"\" \"hull \(version)\" \"System administration\"" }

private func options(_ entries: [OptionEntry]) -> Bytes {
    entries.map { entry -> Bytes in
        let value =
            entry.argument.map { " \\fI\(roff($0))\\fR" as Bytes }
            ?? entry.optionalArgument.map { "[=\\fI\(roff($0))\\fR]" as Bytes } ?? ""
        let names = entry.spellings.map { "\\fB\(roff($0))\\fR" as Bytes }.joined(", ")
        return ".TP\n\(names)\(value)\n\(line(entry.help))\(entry.isRepeatable ? "; may be repeated" : "").\n"
    }.joined("")
}

/// A line of text: one that begins like a request is kept from being one.
private func line(_ text: Bytes) -> Bytes {
    text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + roff(text) : roff(text)
}

/// Bytes that groff(7) reads otherwise, escaped: a hyphen would become a typographic one, that nobody can copy.
private func roff(_ text: Bytes) -> Bytes {
    Bytes(
        text.array.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\\"): Array("\\e".utf8)
            case UInt8(ascii: "-"): Array("\\-".utf8)
            default: [byte]
            }
        })
}
