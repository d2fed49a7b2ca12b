// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// A function for zsh's _arguments.
var zshCompletion: Bytes {
    let verbs = Verb.allCases.map { verb -> Bytes in
        "        '\(verb.name):\(quoted(verb.page.summary))'\n"
    }.joined("")
    let cases = Verb.allCases.map(verbCase).joined("")
    return """
        #compdef hull
        # zsh completion for hull, printed by: hull completion zsh
        _hull_containers() {
            local -a names root
            (( ${+opt_args[--root]} )) && root=(--root ${opt_args[--root]})
            names=(${(f)"$(hull $root list -q 2> /dev/null)"})
            compadd -a names
        }
        _hull() {
            local -a verbs=(
        \(verbs)    )
            local context state line
            typeset -A opt_args
            _arguments -C \\
        \(specifications(GlobalOptions.shownEntries))        '1: :->verb' '*:: :->words'
            case $state in
            verb) _describe command verbs ;;
            words)
                case $words[1] in
        \(cases)        esac ;;
            esac
        }
        _hull "$@"

        """
}

private func verbCase(_ verb: Verb) -> Bytes {
    let operand = verb.operand.map { "        '1: :\(action($0))'" as Bytes } ?? "        && return"
    return "        \(verb.name)) _arguments \\\n\(specifications(verb.shownEntries))\(operand) ;;\n"
}

private func specifications(_ entries: [OptionEntry]) -> Bytes {
    entries.map { entry -> Bytes in
        let repeats: Bytes = entry.isRepeatable ? "*" : ""
        let value =
            entry.argument.map { ":\(quoted($0)):\(action(Completed($0)))" as Bytes }
            ?? entry.optionalArgument.map { "::\(quoted($0)):\(action(Completed($0)))" as Bytes } ?? ""
        let ends: Bytes = entry.argument != nil ? "=" : entry.optionalArgument != nil ? "=-" : ""
        return entry.spellings.map { spelling -> Bytes in
            let end = spelling.hasPrefix("--") ? ends : ""
            return "        '\(repeats)\(spelling)\(end)[\(quoted(entry.help))]\(value)' \\\n"
        }.joined("")
    }.joined("")
}

private func action(_ completed: Completed) -> Bytes {
    switch completed {
    case .words(let words): "(\(words.joined(" ")))"
    case .container: "_hull_containers"
    case .directory: "_files -/"
    case .file: "_files"
    case .unknown: ""
    }
}

/// For a specification within single quotes: what _arguments reads as the end of a part, escaped.
private func quoted(_ text: Bytes) -> Bytes {
    Bytes(
        text.array.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "'"): Array("'\\''".utf8)
            case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"): [UInt8(ascii: "\\"), byte]
            default: [byte]
            }
        })
}
