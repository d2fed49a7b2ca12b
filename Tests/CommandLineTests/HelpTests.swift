// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

@testable import HullCommandLine

/// (CL-60)
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

    /// Goal: only what engines alone pass is left out of the help. Method: the hidden options of all tables.
    @Test func hidden() {
        let tables = [GlobalOptions.table.map(\.entry)] + Verb.allCases.map(\.entries)
        let hidden = [
            "rootless", "all", "no-pivot", "preserve-fds", "kernel-memory", "kernel-memory-tcp", "cpu-rt-runtime",
            "cpu-rt-period",
        ]
        #expect(tables.joined().filter(\.isHidden).map(\.name.text) == hidden)
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

    /// Goal: the texts themselves. Method: goldens of a verb with few options and of one with many.
    @Test func goldens() {
        #expect(helpText(.kill).text == killHelp)
        #expect(helpText(.exec).text == execHelp)
    }

    private let killHelp = """
        hull kill: send a signal to a container

        Usage: hull [GLOBAL OPTION...] kill [OPTION...] ID [SIGNAL]

        SIGNAL is a name or a number (default: SIGTERM).

        Options:
          -h, --help  print this help

        Example:
          hull kill web KILL

        """

    private let execHelp = """
        hull exec: run another program in a running container

        Usage: hull [GLOBAL OPTION...] exec [OPTION...] ID [COMMAND [ARG...]]

        What the options leave open is as in the container's config. The exit status is
        the program's; 255 if it could not be started.

        Options:
          -p, --process FILE           read an OCI process object from FILE
              --cwd DIR                the working directory in the container
          -e, --env NAME=VALUE         add to the environment; may be repeated
          -t, --tty                    give the program a terminal
          -u, --user UID[:GID]         run as this user and group, by number
          -g, --additional-gids GID    add a group, by number; may be repeated
          -c, --cap CAP                add a capability; may be repeated
              --no-new-privs           no gain of privileges by execve
              --process-label LABEL    the SELinux label
              --apparmor PROFILE       the AppArmor profile
          -d, --detach                 return when the program has started
              --pid-file FILE          write the process id to FILE
              --console-socket SOCKET  send the terminal to this Unix socket
              --pidfd-socket SOCKET    send a descriptor of the process there
              --preserve-fds N         keep N descriptors from 3 on open
              --cgroup PATH            a cgroup below the container's; may be repeated
              --tools DIR[:PLACE]      show tools of the host to this program alone
              --ignore-paused          do not refuse a paused container
              --trace FILE             write when each step was done to FILE (.svg:
                                       drawn)
          -h, --help                   print this help

        Example:
          hull exec --user 1000:1000 --env LANG=C web ls -l /srv

        """
}
