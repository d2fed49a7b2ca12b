// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

@testable import HullCommandLine

/// (IA-60)
struct ImageInvocationTests {
    /// Goal: what a command is told arrives. Method: a line for each command.
    @Test func commands() throws {
        func command(_ line: String) throws -> ImageCommand { try ImageInvocation(words(line)).command }
        var bundle = ImageBundleOptions()
        (bundle.image, bundle.directory, bundle.arguments) = ("/l:web", "/b", ["sh", "-c"])
        (bundle.platform, bundle.rootfs, bundle.terminal, bundle.progress) = ("linux/arm", true, true, 1)
        #expect(
            try command("bundle --rootfs -t --platform linux/arm --progress-to=1 /l:web /b -- sh -c")
                == .bundle(bundle))
        var unpack = ImageUnpackOptions()
        unpack.image = "/l"
        #expect(try command("unpack /l") == .unpack(unpack))
        var list = ImageListOptions()
        #expect(try command("list") == .list(list))
        (list.layout, list.format) = ("/l", .json)
        #expect(try command("list --json /l") == .list(list))
        var commit = ImageCommitOptions()
        (commit.image, commit.upper, commit.name, commit.author) = ("/l:a", "/u", "b", "me")
        #expect(try command("commit -n b --author me /l:a /u") == .commit(commit))
        #expect(try command("gc") == .gc)
        #expect(try command("help") == .help(nil))
        #expect(try command("--help") == .help(nil))
        #expect(try command("") == .help(nil))
        #expect(try command("help diff") == .help(.diff))
        #expect(try command("diff --help") == .help(.diff))
    }

    /// Goal: the options before the command. Method: sizes with and without a unit.
    @Test func globals() throws {
        let said = try ImageInvocation(words("--store /s --max-layer-size 2k --max-layer-files 7 gc")).globals
        #expect(said.store == "/s")
        #expect(said.mostBytes == 2048)
        #expect(said.mostFiles == 7)
        #expect(try ImageInvocation(words("--max-layer-size 9 gc")).globals.mostBytes == 9)
        #expect(try ImageInvocation(words("--store= gc")).globals.store == nil)
    }

    /// Goal: what is not understood is said in one line, with the nearest name. Method: a table.
    @Test(arguments: [
        ("bundel", "hull image: unknown command \"bundel\" (did you mean \"bundle\"?)"),
        ("xyz", "hull image: unknown command \"xyz\" (see hull image help)"),
        ("bundle", "hull image bundle: IMAGE is missing (see hull image bundle --help)"),
        ("bundle /l", "hull image bundle: DIR is missing (see hull image bundle --help)"),
        ("commit /l /u /v", "hull image commit: unexpected argument \"/v\" (see hull image commit --help)"),
        ("gc x", "hull image gc: unexpected argument \"x\" (see hull image gc --help)"),
        ("bundle --rotfs /l /b", "hull image bundle: unknown option --rotfs (did you mean --rootfs?)"),
        ("gc --store x", "hull image gc: unknown option --store (--store goes before the command)"),
        (
            "--max-layer-size 0 gc",
            "hull image: option --max-layer-size: \"0\" is not a number of bytes (512m, 64g, or digits alone)"
        ),
        (
            "--max-layer-size 99999999t gc",
            "hull image: option --max-layer-size: \"99999999t\" is not a number of bytes (512m, 64g, or digits alone)"
        ),
    ])
    func problems(line: String, problem: String) {
        #expect(throws: ImageInvocation.Problem(line: Bytes(problem))) { try ImageInvocation(words(line)) }
    }

    /// Goal: help names every command and option, fits a terminal, and its examples are right. Method: all texts.
    @Test(arguments: [nil] + ImageVerb.allCases.map(Optional.some))
    func help(verb: ImageVerb?) throws {
        let text = imageHelpText(verb).text
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            #expect(line.utf8.count <= 80 && !line.hasSuffix(" "), "\(line)")
        }
        guard let verb else {
            for verb in ImageVerb.allCases { #expect(text.contains("\n  \(verb.name.text) "), "\(verb)") }
            return
        }
        for entry in verb.options.entries { #expect(text.contains("--\(entry.name.text)")) }
        let example = words(verb.options.page.example.text)
        #expect(example.first == "image")
        _ = try ImageInvocation(Array(example.dropFirst()))
    }

    /// Goal: hull passes its words on as they are, and makes those for a bundle. Method: both kinds of line.
    @Test func fromHull() throws {
        #expect(
            try Invocation(words("image bundle --rootfs -x /l -- y")).command
                == .image(["bundle", "--rootfs", "-x", "/l", "--", "y"]))
        let line = "run --image /l:web --platform linux/arm --image-store /s --overlay web -- -c -h"
        guard case .run(let options) = try Invocation(words(line)).command else {
            Issue.record("no run")
            return
        }
        #expect(options.create.id == "web")
        #expect(options.create.overlay == "tmpfs")
        #expect(
            options.create.bundleWords(in: "/b", terminal: true)
                == words(
                    "hull-image --store /s bundle --progress-to 1 --platform linux/arm --terminal -- /l:web /b -c -h"
                ))
        let made = try ImageInvocation(Array(options.create.bundleWords(in: "/b", terminal: false).dropFirst()))
        guard case .bundle(let bundle) = made.command else {
            Issue.record("no bundle")
            return
        }
        #expect(bundle.arguments == ["-c", "-h"])
        for wrong in ["run --image /l", "run --image /l --bundle /b web", "run web -- sh", "create web sh"] {
            #expect(throws: UsageError.self) { try Invocation(words(wrong)) }
        }
    }
}
