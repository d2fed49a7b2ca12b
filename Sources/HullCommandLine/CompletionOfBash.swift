// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// A function for bash: it finds the verb among the words, then offers what can come next.
var bashCompletion: Bytes {
    let withValue = GlobalOptions.shownEntries.filter { $0.argument != nil && $0.name != "root" }
    let values =
        valueCases("", GlobalOptions.shownEntries)
        + Verb.allCases.map { valueCases($0.name, $0.shownEntries) }
        .joined("")
    let options =
        optionCase("''", GlobalOptions.shownEntries)
        + Verb.allCases.map { optionCase($0.name, $0.shownEntries) }.joined("")
    let operands = Verb.allCases.compactMap { verb -> Bytes? in
        verb.operand.map { "        \(verb.name)) \(reply($0)) ;;\n" }
    }.joined("")
    return """
        # bash completion for hull, printed by: hull completion bash
        _hull() {
            local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' root=() i
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                --root) root=(--root "${COMP_WORDS[++i]}") ;;
                \(withValue.flatMap(\.spellings).joined(" | "))) ((i++)) ;;
                -* | =) ;;
                *) verb=${COMP_WORDS[i]} && break ;;
                esac
            done
            COMPREPLY=()
            case $verb$before in
        \(values)    esac
            if [[ $word == -* ]]; then
                case $verb in
        \(options)        esac
                return
            fi
            case $verb in
            '') \(reply(.words(Verb.allCases.map(\.name)))) ;;
        \(operands)    esac
        }
        complete -F _hull hull

        """
}

private func reply(_ completed: Completed) -> Bytes {
    switch completed {
    case .words(let words): "mapfile -t COMPREPLY < <(compgen -W '\(words.joined(" "))' -- \"$word\")"
    case .container:
        "mapfile -t COMPREPLY < <(compgen -W \"$(hull \"${root[@]}\" list -q 2> /dev/null)\" -- \"$word\")"
    case .directory: "mapfile -t COMPREPLY < <(compgen -d -- \"$word\")"
    case .file: "mapfile -t COMPREPLY < <(compgen -f -- \"$word\")"
    case .unknown: "return"
    }
}

private func valueCases(_ verb: Bytes, _ entries: [OptionEntry]) -> Bytes {
    entries.compactMap { entry -> Bytes? in
        guard let argument = entry.argument else { return nil }
        let patterns = entry.spellings.map { verb + $0 }.joined(" | ")
        return "    \(patterns)) \(reply(Completed(argument))) && return ;;\n"
    }.joined("")
}

private func optionCase(_ verb: Bytes, _ entries: [OptionEntry]) -> Bytes {
    "        \(verb)) \(reply(.words((entries.flatMap(\.spellings)) + ["--help"]))) ;;\n"
}
