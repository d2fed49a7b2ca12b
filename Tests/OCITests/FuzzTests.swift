// SPDX-License-Identifier: Apache-2.0
import Foundation
import HullBytes
import HullOCI
import Testing

@Suite struct FuzzTests {
    /// What Foundation makes of the text; nil if it refuses it.
    private func foundation(_ text: [UInt8]) -> NSObject? {
        try? JSONSerialization.jsonObject(with: Data(text), options: [.fragmentsAllowed]) as? NSObject
    }

    /// The text written again by us.
    private func rewritten(_ text: [UInt8]) -> [UInt8]? {
        guard let document = try? JSONDocument(text) else { return nil }
        return JSONWriter.text(of: document)
    }

    // Goal: a text that was cut off is never taken for a whole one. Method: cut the sample at every byte. (CF-16)
    @Test func truncated() {
        let whole = bytes(sampleConfig)
        #expect(errors(whole, as: Config.self) == [])
        for count in 0..<whole.count {
            #expect(syntaxError(Array(whole.prefix(count))) != nil, "cut at byte \(count)")
        }
    }

    // Goal: no text crashes the reader, and every error has a place inside the text. Method: 2,000 random changes of
    // the sample, of one to eight bytes each, from a fixed seed.
    @Test func mutated() {
        var random = Seeded(state: 1)
        let whole = bytes(sampleConfig)
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "null", "1e9", "-", "\u{0}", "é", " ",
        ]
        for _ in 0..<2000 {
            var text = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text[place] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: place)
                case 2: text.insert(contentsOf: pick(pieces, &random).utf8, at: place)
                default: text.replaceSubrange(place..<min(place + 40, text.count), with: whole.suffix(20))
                }
            }
            check(text)
        }
    }

    private func check(_ text: [UInt8]) {
        var unknown: [ConfigError] = []
        var found: [ConfigError] = []
        do throws(ConfigErrors) { _ = try Config.read(text, unknown: &unknown) } catch {
            found = error.list
            #expect(!found.isEmpty)
        }
        let lines = text.count { $0 == UInt8(ascii: "\n") } + 1
        for error in found + unknown {
            #expect((1...lines).contains(error.line ?? 0), "\(line(error))")
            #expect((1...text.count + 1).contains(error.column ?? 0), "\(line(error))")
        }
        if let again = rewritten(text) {
            #expect(rewritten(again) == again)
            #expect(foundation(again) == foundation(text))
        }
    }

    // Goal: what we take means what it means to another reader, and what that one refuses we refuse. Method: random
    // documents of every kind of value, read by Foundation and by us, and written again by us.
    @Test func differential() {
        var random = Seeded(state: 2)
        for _ in 0..<2000 {
            let text = bytes(document(depth: 4, &random))
            let theirs = foundation(text)
            guard theirs != nil, let ours = rewritten(text) else {
                Issue.record("refused: \(String(decoding: text, as: UTF8.self))")
                continue
            }
            #expect(foundation(ours) == theirs, "\(String(decoding: text, as: UTF8.self))")
        }
    }

    /// A random document; the keys of its objects differ.
    private func document(depth: Int, _ random: inout Seeded) -> String {
        let blank = pick(["", " ", "\n\t"], &random)
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: return pick(["true", "false", "null"], &random) + blank
        case 1: return "\(Int64.random(in: .min...(.max), using: &random))"
        case 2: return pick(["0", "-0", "1.5", "-2e3", "1E-2", "18446744073709551615"], &random)
        case 3...5: return string(&random)
        case 6, 7:
            let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in document(depth: depth - 1, &random) }
            return "[\(blank)" + elements.joined(separator: ",\(blank)") + "]"
        default:
            let count = Int.random(in: 0...20, using: &random)
            let members = (0..<count).map { index in
                "\"\(index)" + string(&random).dropFirst() + ":\(blank)" + document(depth: depth - 2, &random)
            }
            return "{\(blank)" + members.joined(separator: "\(blank),") + "}"
        }
    }

    private func pick(_ choices: [String], _ random: inout Seeded) -> String {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    private func string(_ random: inout Seeded) -> String {
        let pieces = [
            "a", "Z", "/", "é", "🚀", "e\u{301}", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude80",
            "\\b\\f",
            "\u{7f}", "\u{2028}",
        ]
        let text = (0..<Int.random(in: 0...5, using: &random)).map { _ in pick(pieces, &random) }
        return "\"" + text.joined() + "\""
    }
}
