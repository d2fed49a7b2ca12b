// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullCommandLine
import HullOCI
import Testing

/// (CL-62)
struct ListTests {
    private let created = Timestamp(seconds: 1_795_415_550, nanoseconds: 5).rfc3339
    private var web: State {
        State(
            ociVersion: "1.3.0", id: "web", pid: 4711, status: "running", bundle: "/srv/web",
            rootfs: "/srv/web/rootfs", created: created,
            annotations: [Entry(key: "a/b", value: "\"1\""), Entry(key: "c", value: "")], owner: "root")
    }
    private var second: State {
        State(
            ociVersion: "1.3.0", id: "a-much-longer-name", pid: 0, status: "stopped", bundle: "/é\u{1b}", rootfs: "/r",
            created: created, owner: "1000")
    }

    private func options(_ format: ListFormat, quiet: Bool = false) -> ListOptions {
        var options = ListOptions()
        options.format = format
        options.quiet = quiet
        return options
    }

    private func listText(_ containers: [State], _ options: ListOptions) -> Bytes {
        var list = ContainerList(options)
        for container in containers { list.add(container) }
        return list.text
    }

    /// Goal: aligned columns. Method: golden; a control character in a path shows as text.
    @Test func table() {
        #expect(
            listText([web, second], options(.table)) == """
                ID                   PID    STATUS    BUNDLE     CREATED                          OWNER
                web                  4711   running   /srv/web   2026-11-23T06:32:30.000000005Z   root
                a-much-longer-name   0      stopped   /é\\x1b     2026-11-23T06:32:30.000000005Z   1000

                """)
        #expect(listText([], options(.table)) == "ID   PID   STATUS   BUNDLE   CREATED   OWNER\n")
        #expect(listText([web, second], options(.json, quiet: true)) == "web\na-much-longer-name\n")
    }

    /// Goal: JSON as engines read it. Method: exact bytes of the array.
    @Test func json() {
        #expect(listText([], options(.json)) == "[]\n")
        let one: Bytes =
            #"[{"ociVersion":"1.3.0","id":"web","pid":4711,"status":"running","bundle":"/srv/web","#
            + #""rootfs":"/srv/web/rootfs","created":"2026-11-23T06:32:30.000000005Z","#
            + #""annotations":{"a/b":"\"1\"","c":""},"owner":"root"}]"#
        #expect(listText([web], options(.json)) == one + "\n")
        let text = listText([web, second], options(.json))
        let array = try? JSONSerialization.jsonObject(with: Data(text.array)) as? [[String: Any]]
        #expect(array?.map { $0["id"] as? String } == ["web", "a-much-longer-name"])
        #expect(array?.last?["annotations"] == nil)
    }

    /// Goal: what `state` prints. Method: golden, with and without annotations. (CL-63)
    @Test func state() {
        #expect(
            stateText(web) == """
                {
                  "ociVersion": "1.3.0",
                  "id": "web",
                  "pid": 4711,
                  "status": "running",
                  "bundle": "/srv/web",
                  "rootfs": "/srv/web/rootfs",
                  "created": "2026-11-23T06:32:30.000000005Z",
                  "annotations": {
                    "a/b": "\\"1\\"",
                    "c": ""
                  },
                  "owner": "root"
                }

                """)
        #expect(!stateText(second).text.contains("annotations"))
    }

    /// Goal: the listing of processes. Method: goldens of both forms.
    @Test func processes() {
        #expect(processJSON([]) == "[]\n")
        #expect(processJSON([1, 22, 333]) == "[1,22,333]\n")
        let rows = [
            ProcessSummary(uid: 0, pid: 7, ppid: 1, command: "sh -c \n"),
            ProcessSummary(uid: 1000, pid: 12345, ppid: 7, command: "sleep 9"),
        ]
        #expect(
            processTable(rows) == """
                UID    PID     PPID   CMD
                0      7       1      sh -c \\n
                1000   12345   7      sleep 9

                """)
    }

    /// Goal: ps(1)'s own lines. Method: output with the column in the middle, an id that occurs in another column.
    @Test func psLines() {
        let output: Bytes = "USER   PID  RSS CMD\nroot    12  100 sh\nroot     7   12 init\nroot  9999    1\n"
        #expect(processLines(of: output, [12, 9999]) == "USER   PID  RSS CMD\nroot    12  100 sh\nroot  9999    1\n")
        #expect(processLines(of: output, []) == "USER   PID  RSS CMD\n")
        #expect(processLines(of: "CMD\nsh\n", [12]) == nil)
        #expect(processLines(of: "", [12]) == nil)
    }

    /// Goal: the lines that engines split. Method: exact text. (CL-61)
    @Test func versionLines() {
        #expect(
            versionText(commit: "unknown", libseccomp: "2.5.4")
                == "hull version 0.1.0\ncommit: unknown\nspec: 1.3.0\nlibseccomp: 2.5.4\n")
    }
}
