// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import Testing

@testable import HullCommandLine

/// What a program prints, and how it ends.
private func outcome(of program: String, _ arguments: [String], input: String = "") throws -> (Int32, String, String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
    try process.run()
    // All of them are shorter than a pipe holds, but for the script: written while it is read.
    let writing = stdin.fileHandleForWriting
    Thread {
        try? writing.write(contentsOf: Data(input.utf8))
        try? writing.close()
    }.start()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    let errors = stderr.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self))
}

private func isInstalled(_ program: String) -> Bool {
    ["/usr/bin/", "/bin/", "/usr/local/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + program) }
}

struct CompletionTests {
    // CL-65: Goal: bash offers what can come next. Method: the script in a real bash, lines cut at the cursor; a
    // function in place of hull lists two containers, and the root that it was asked for.
    @Test(arguments: [
        (["ru"], ["run"]), (["--ro"], ["--root"]), (["--log-format", ""], ["text", "json"]),
        (["--root", "/r", "kill", ""], ["web", "db", "/r"]), (["state", "w"], ["web"]),
        (["run", "--no-p"], ["--no-pivot"]), (["run", "--pid"], ["--pid-file", "--pidfd-socket"]),
        (["list", "--format", "j"], ["json"]), (["list", "-f", ""], ["table", "json"]),
        (["completion", ""], ["bash", "zsh", "fish"]), (["help", "cre"], ["create"]),
        (["--log", "ps", "paus"], ["pause"]),
    ])
    func bash(words: [String], offered: [String]) throws {
        let line = (["hull"] + words).map { "'\($0)'" }.joined(separator: " ")
        let script = """
            \(completionScript(.bash).text)
            hull() { printf 'web\\ndb\\n'; [ "$1" != --root ] || echo "$2"; }
            COMP_WORDS=(\(line)) COMP_CWORD=\(words.count)
            _hull
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let (status, output, errors) = try outcome(of: "bash", ["-u", "-c", script])
        #expect(status == 0 && errors.isEmpty, "\(errors)")
        #expect(output.split(separator: "\n").map(String.init) == offered)
    }

    // CL-66: Goal: the shells read the scripts. Method: their own check of a script.
    @Test(.enabled(if: isInstalled("zsh"), "zsh is not installed")) func zsh() throws {
        let (status, _, errors) = try outcome(of: "zsh", ["-n"], input: completionScript(.zsh).text)
        #expect(status == 0 && errors.isEmpty, "\(errors)")
    }

    @Test(.enabled(if: isInstalled("fish"), "fish is not installed")) func fish() throws {
        let script = completionScript(.fish).text
        let (status, _, errors) = try outcome(of: "fish", ["--no-execute"], input: script)
        #expect(status == 0 && errors.isEmpty, "\(errors)")
        let question = script + "\ncomplete -C 'hull list --format '\n"
        let (end, output, _) = try outcome(of: "fish", ["--no-config"], input: question)
        let offered = output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        #expect(end == 0 && offered == ["json", "table"], "\(output)")
    }

    // CL-67: Goal: nothing is forgotten. Method: every verb and every option for people in every script.
    @Test(arguments: Shell.allCases) func complete(shell: Shell) {
        let script = completionScript(shell).text
        for verb in Verb.allCases {
            #expect(script.contains(verb.name.text))
            for entry in verb.shownEntries {
                #expect(script.contains(shell == .fish ? "-l \(entry.name.text)" : "--\(entry.name.text)"))
            }
        }
        #expect(!script.contains("rootless true"))
    }
}

/// (CL-68)
struct ManualTests {
    // Goal: each page has its options and is well formed. Method: the text; groff, where it is there, warns of nothing.
    @Test(arguments: [Verb?.none] + Verb.allCases) func page(verb: Verb?) throws {
        let page = manualPage(verb).text
        for entry in verb?.shownEntries ?? GlobalOptions.shownEntries {
            #expect(page.contains("\\-\\-" + entry.name.text.replacingOccurrences(of: "-", with: "\\-")))
        }
        #expect(page.hasPrefix(".TH HULL"))
        guard isInstalled("groff") else { return }
        let (status, text, errors) = try outcome(of: "groff", ["-man", "-ww", "-Tascii", "-P-cbou"], input: page)
        #expect(status == 0 && errors.isEmpty, "\(errors)")
        #expect(text.contains("NAME") && text.contains("EXAMPLE"))
        #expect(!text.contains("\\-"))
    }
}
