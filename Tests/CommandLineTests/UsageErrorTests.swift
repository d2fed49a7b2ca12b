// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

@testable import HullCommandLine

struct UsageErrorTests {
    /// CL-55 CL-56. Goal: a wrong command line gets exactly this sentence. Method: table of lines and sentences.
    @Test(arguments: [
        ("creat x", "hull: unknown command \"creat\" (did you mean \"create\"?)"),
        ("pase x", "hull: unknown command \"pase\" (did you mean \"pause\"?)"),
        ("update x", "hull update: what to change is missing (see hull update --help)"),
        ("frobnicate", "hull: unknown command \"frobnicate\" (see hull --help)"),
        ("help stae", "hull help: unknown command \"stae\" (did you mean \"state\"?)"),
        ("--rot /r list", "hull: unknown option --rot (did you mean --root?)"),
        ("--xyzzy list", "hull: unknown option --xyzzy (see hull --help)"),
        ("--root", "hull: option --root needs a value: DIR (see hull --help)"),
        ("--root / list", "hull: option --root: the records cannot be in / itself (see hull --help)"),
        ("--root /x/../ list", "hull: option --root: the records cannot be in / itself (see hull --help)"),
        (
            "--log-format xml list",
            "hull: option --log-format: \"xml\" is not one of text, json (see hull --help)"
        ),
        (
            "--log-level warn list",
            "hull: option --log-level: \"warn\" is not one of error, warning, info, debug (did you mean \"warning\"?)"
        ),
        ("--rootless=maybe list", "hull: option --rootless: \"maybe\" is neither true nor false (see hull --help)"),
        ("--debug=yes list", "hull: option --debug: \"yes\" is neither true nor false (see hull --help)"),
        ("create", "hull create: ID is missing (see hull create --help)"),
        ("create a b", "hull create: unexpected argument \"b\" (see hull create --help)"),
        ("create --bundel /b a", "hull create: unknown option --bundel (did you mean --bundle?)"),
        ("create --bundel=/b a", "hull create: unknown option --bundel (did you mean --bundle?)"),
        ("create --root /r a", "hull create: unknown option --root (--root goes before the command)"),
        ("create --detach a", "hull create: unknown option --detach (see hull create --help)"),
        ("run -dx a", "hull run: unknown option -x (see hull run --help)"),
        ("run a -b", "hull run: option -b needs a value: DIR (see hull run --help)"),
        (
            "run --preserve-fds -1 a",
            "hull run: option --preserve-fds: \"-1\" is not a number from 0 to 2147483647 (see hull run --help)"
        ),
        (
            "run --preserve-fds 2147483648 a",
            "hull run: option --preserve-fds: \"2147483648\" is not a number from 0 to 2147483647 (see hull run --help)"
        ),
        ("kill", "hull kill: ID is missing (see hull kill --help)"),
        ("kill a 9 b", "hull kill: unexpected argument \"b\" (see hull kill --help)"),
        ("list a", "hull list: unexpected argument \"a\" (see hull list --help)"),
        ("list --format jsn", "hull list: option --format: \"jsn\" is not one of table, json (did you mean \"json\"?)"),
        ("ps", "hull ps: ID is missing (see hull ps --help)"),
        ("exec", "hull exec: ID is missing (see hull exec --help)"),
        ("exec a", "hull exec: COMMAND (or --process FILE) is missing (see hull exec --help)"),
        ("exec -p f a ls", "hull exec: unexpected argument \"ls\" (see hull exec --help)"),
        (
            "exec -u root a ls",
            "hull exec: option --user: \"root\" is not a number from 0 to 4294967294 (names are not looked up)"
        ),
        (
            "exec -u 1: a ls",
            "hull exec: option --user: \"\" is not a number from 0 to 4294967294 (names are not looked up)"
        ),
        (
            "exec -g 4294967295 a ls",
            "hull exec: option --additional-gids: \"4294967295\" is not a number from 0 to 4294967294"
                + " (names are not looked up)"
        ),
        ("plan -b a b", "hull plan: the bundle is given twice (see hull plan --help)"),
        ("check a b", "hull check: unexpected argument \"b\" (see hull check --help)"),
        ("version x", "hull version: unexpected argument \"x\" (see hull version --help)"),
    ])
    /// (CL-59)
    func sentences(line: String, sentence: String) {
        let error = #expect(throws: UsageError.self) { try Invocation(words(line)) }
        #expect(error?.line.text == sentence)
    }

    /// Goal: commands that come later are not there. Method: each is refused as unknown.
    @Test(arguments: ["init"])
    func laterVerbs(verb: String) {
        let error = #expect(throws: UsageError.self) { try Invocation(words("\(verb) web")) }
        #expect(error?.problem == "unknown command \"\(verb)\"")
    }

    /// CL-57. Goal: the error reaches the log that was named before it. Method: the globals of an error after --log.
    @Test func keepsGlobals() {
        let error = #expect(throws: UsageError.self) {
            try Invocation(words("--log /l --log-format json create --bogus web"))
        }
        #expect(error?.global.log == "/l")
        #expect(error?.global.logFormat == .json)
        #expect(error?.verb == .create)
    }

    /// Goal: a hostile word cannot forge a line. Method: newline and escape sequence in the command's name.
    @Test func oneLine() {
        let error = #expect(throws: UsageError.self) { try Invocation([Bytes("a\nb\u{1b}[2J")]) }
        #expect(error?.line == "hull: unknown command \"a\\nb\\x1b[2J\" (see hull --help)")
    }

    /// CL-58. Goal: what the command line takes is carried out. Method: no option's help says "not yet".
    @Test func notYetInHelp() throws {
        let tables = [GlobalOptions.table.map(\.entry)] + Verb.allCases.map(\.entries)
        #expect(tables.joined().allSatisfy { !$0.help.text.contains("not yet") })
    }

    /// Goal: one of two ways to name the manager is the newer one, and counts. Method: table of lines.
    @Test(
        arguments: [
            ("--systemd-cgroup", true), ("--systemd-cgroup=false", false), ("--cgroup-manager systemd", true),
            ("--cgroup-manager cgroupfs", false), ("--systemd-cgroup --cgroup-manager cgroupfs", false), ("", false),
        ])
    func manager(options: String, usesSystemd: Bool) throws {
        #expect(try Invocation(words(options + " list")).global.usesSystemd == usesSystemd)
    }
}
