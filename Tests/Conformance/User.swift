// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct User {
    private func status(_ user: JSON) throws -> Status {
        var status = Status(text: [])
        try scenario { status = Status(text: try $0.inside("cat /proc/self/status") { $0["/process/user"] = user }) }
        return status
    }

    // Goal: real, effective, saved and file system ids are those of the config. Method: the kernel's words inside.
    @Test("US-01 all four uids and gids are set")
    func ids() throws {
        let it = try status(["uid": 1000, "gid": 2000])
        #expect(it["Uid"] == "1000 1000 1000 1000")
        #expect(it["Gid"] == "2000 2000 2000 2000")
    }

    // Goal: exactly the listed groups. Method: none, one, several, in any order.
    @Test(
        "US-02 the supplementary groups are those of additionalGids",
        arguments: [[], [5], [3000, 7, 2000]] as [[Int64]])
    func groups(gids: [Int64]) throws {
        let it = try status(["uid": 1000, "gid": 1000, "additionalGids": .array(gids.map(JSON.int))])
        let found = Set((it["Groups"] ?? "").split(separator: " ").compactMap { Int64($0) })
        #expect(found.subtracting([1000]) == Set(gids))
    }

    // Goal: umask is set, 0022 when not said. Method: the kernel's word inside.
    @Test("US-03 the umask", arguments: [(JSON.int(0o077), "0077"), (0o027, "0027"), (0, "0000")] as [(JSON, String)])
    func umask(value: JSON, expected: String) throws {
        try #expect(status(["uid": 0, "gid": 0, "umask": value])["Umask"] == expected)
    }

    @Test("US-04 the umask is 0022 when not said")
    func defaultUmask() throws {
        try #expect(status(["uid": 0, "gid": 0])["Umask"] == "0022")
    }

    // Goal: HOME comes from the container's own passwd. Method: root, a user, one without an entry.
    @Test(
        "US-05 HOME is taken from the container's passwd",
        arguments: [(0, "/root"), (1000, "/home/sailor")] as [(Int64, String)])
    func home(uid: Int64, expected: String) throws {
        try scenario { s in
            try #expect(s.inside("echo $HOME") { $0["/process/user/uid"] = .int(uid) } == [expected])
        }
    }

    // Goal: a user without an entry has a HOME too. Method: an id that passwd does not name.
    @Test("US-09 HOME is / for an id without an entry in passwd")
    func strangerHome() throws {
        try scenario { s in
            try #expect(s.inside("echo $HOME") { $0["/process/user/uid"] = 4242 } == ["/"])
        }
    }

    // Goal: HOME of the config stays. Method: set it.
    @Test("US-06 HOME of the config is kept")
    func ownHome() throws {
        try scenario { s in
            try #expect(s.inside("echo $HOME") { $0["/process/env/-"] = "HOME=/tmp" } == ["/tmp"])
        }
    }

    // Goal: the caller's groups stay. Method: the annotation of podman's keep-groups, in the first process and exec.
    @Test("US-10 run.oci.keep_original_groups keeps the caller's supplementary groups")
    func keepGroups() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "id -G; exec sleep 100") {
                $0["/annotations"] = ["run.oci.keep_original_groups": "1"]
                $0["/process/user"] = ["uid": 1000, "gid": 1000]
            }
            let id = s.id()
            func grouped(_ words: [String]) throws -> Outcome {
                var launch = s.runtime.launch(words)
                launch.arguments = ["--groups", "4711,4712", launch.program] + launch.arguments
                launch.program = "/usr/bin/setpriv"
                return try s.runtime.start(launch).outcome()
            }
            let run = try grouped(["run", "--detach", "--bundle", bundle.directory, id])
            #expect(run.ok, "\(run)")
            let outcome = try grouped(["exec", id, "id", "-G"])
            #expect(outcome.lines == ["1000 4711 4712"], "\(outcome)")
        }
    }

    // Goal: large ids work. Method: the largest that is no -1.
    @Test("US-07 the largest id")
    func largest() throws {
        let it = try status(["uid": 4_294_967_294, "gid": 4_294_967_294])
        #expect(it["Uid"]?.hasPrefix("4294967294 ") == true)
    }

    // Goal: an id that does not fit is an error. Method: negative, and one too large.
    @Test("US-08 an id outside 32 bits is refused", arguments: [-1, 4_294_967_296] as [Int64])
    func outside(uid: Int64) throws {
        try scenario { s in
            try s.refuses("/process/user/uid") { $0["/process/user/uid"] = .int(uid) }
        }
    }
}
