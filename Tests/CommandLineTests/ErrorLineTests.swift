// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullCommandLine
import HullOCI
import HullPlan
import Testing

struct ErrorLineTests {
    /// Goal: all parts in their order. Method: the parts one after the other, and the line after each. (ER-05)
    @Test func parts() {
        var line = ErrorLine(verb: "create", id: "web", cause: "operation not permitted")
        #expect(line.line == "hull create web: operation not permitted")
        line.operation = "mount"
        #expect(line.line == "hull create web: mount: operation not permitted")
        line.object = "/sys/fs/cgroup"
        line.call = "move_mount"
        line.pointer = "/mounts/4/destination"
        line.hint = "the parent mount is shared"
        let whole: Bytes =
            "hull create web: mount /sys/fs/cgroup: move_mount: operation not permitted at /mounts/4/destination"
            + " (the parent mount is shared)"
        #expect(line.line == whole)
        line.leftovers = ["cgroup /a: device or resource busy", "mount /b"]
        #expect(line.line == whole + "; not undone: cgroup /a: device or resource busy, mount /b")
    }

    /// Goal: the words that engines look for stay together. Method: sentences of theirs as the cause.
    @Test(arguments: [
        "container does not exist", "container not running", "exec: \"sh\": executable file not found in $PATH",
        "exec /x: no such file or directory",
    ])
    /// (ER-06)
    func engineWords(cause: String) {
        let line = ErrorLine(verb: "start", id: "a", cause: Bytes(cause)).line
        #expect(line.text == "hull start a: \(cause)")
    }

    /// Goal: without an id, and the pointer to the whole document says nothing. Method: both left out.
    @Test func shortest() {
        var line = ErrorLine(verb: "list", cause: "permission denied")
        line.pointer = .root
        #expect(line.line == "hull list: permission denied")
    }

    /// Goal: one line whatever the names are. Method: a newline and an escape in the object.
    @Test func hostileNames() {
        var line = ErrorLine(verb: "create", id: "web", cause: "x")
        line.object = "/a\ntime=\u{1b}[31m"
        #expect(line.line == "hull create web: /a\\ntime=\\x1b[31m: x")
    }

    /// Goal: a config error names file, place and field. Method: table over what is known of it. (ER-09)
    @Test func configErrors() {
        let full = ConfigError("/mounts/0/type", line: 7, column: 21, "unknown type", hint: "did you mean \"tmpfs\"?")
        let bare = ConfigError(.root, "not an object")
        let noPlace = ConfigError("/process", "missing")
        #expect(full.line(in: "c.json") == "c.json:7:21: /mounts/0/type: unknown type (did you mean \"tmpfs\"?)")
        #expect(full.line(in: "c.json", .warning).hasPrefix("c.json:7:21: warning: /mounts/0/type: unknown"))
        #expect(bare.line(in: "c.json") == "c.json: not an object")
        let all = ConfigErrors([full, bare, noPlace])
        let first: Bytes = "c:7:21: /mounts/0/type: unknown type (did you mean \"tmpfs\"?)"
        #expect(all.lines(in: "c") == first + "\nc: not an object\nc: /process: missing\n")
        #expect(all.line(in: "c") == first + "; c: not an object; c: /process: missing")
        #expect(ConfigErrors([noPlace]).line(in: "c") == "c: /process: missing")
        let found = [bare, noPlace].map { Finding(.warning, $0) }
        let warnings = findingsText(found, in: "c", .text)
        #expect(warnings == "c: warning: not an object\nc: warning: /process: missing\n")
    }
}
