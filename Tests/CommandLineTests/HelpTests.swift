// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

@testable import HullCommandLine

struct HelpTests {
    /// Goal: help for every verb names every option, and fits a terminal. Method: all tables against all texts.
    @Test(arguments: [nil] + Verb.allCases.map(Optional.some))
    func complete(verb: Verb?) {
        let text = helpText(verb).text
        for entry in verb?.entries ?? GlobalOptions.table.map(\.entry) where !entry.isHidden {
            let letter = entry.letter.map { "  -\(Character(Unicode.Scalar($0))), " } ?? "      "
            let argument = entry.argument.map { " " + $0.text } ?? ""
            #expect(text.contains("\n\(letter)--\(entry.name.text)\(argument)"), "--\(entry.name.text)")
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            #expect(line.utf8.count <= 80 && !line.hasSuffix(" "), "\(line)")
        }
        #expect(text.contains("\nExample:\n  hull "))
    }

    /// Goal: hull's own help names every verb. Method: its list.
    @Test func namesVerbs() {
        let text = helpText(nil).text
        for verb in Verb.allCases { #expect(text.contains("\n  \(verb.name.text) "), "\(verb)") }
    }

    /// Goal: the examples are right. Method: each one is parsed, to its own verb's help if --help is added.
    @Test(arguments: Verb.allCases)
    func examples(verb: Verb) throws {
        _ = try Invocation(words(verb.page.example.text))
        let name = verb.name.text
        #expect(try Invocation(words("\(name) --help")).command == .help(verb))
        #expect(try Invocation(words("help \(name)")).command == .help(verb))
    }

    /// Goal: no two options of a verb share a name or a letter, and -h is always help. Method: all tables.
    @Test(arguments: [nil] + Verb.allCases.map(Optional.some))
    func unambiguous(verb: Verb?) {
        let entries = verb?.entries ?? GlobalOptions.table.map(\.entry)
        #expect(Set(entries.map(\.name)).count == entries.count)
        let letters = entries.compactMap(\.letter)
        #expect(Set(letters).count == letters.count)
        #expect(!letters.contains(UInt8(ascii: "h")))
        #expect(!entries.contains { $0.name == "help" })
    }
}
