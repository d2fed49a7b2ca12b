// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// A runtime that is called by an ordinary user.
@Suite(.runnable, .conformance, .needs(.userNamespace))
struct Rootless {
    // Goal: nobody has to give anything for a container. Method: one id; who it is inside, and whose its files are
    // outside; setgroups(2) is denied, without which the kernel takes no map.
    @Test("RO-01 an ordinary user runs a container with the own id alone")
    func ownID() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let bundle = try user.bundle("id -u; tr -s ' ' < /proc/self/uid_map; cat /proc/self/setgroups; touch /new")
            let outcome = try user("run", "--bundle", bundle.directory, "c")
            #expect(outcome.ok && outcome.lines == ["0", " 0 \(OrdinaryUser.id) 1", "deny"], "\(outcome)")
            #expect(Files.owner(bundle.rootfs + "/new") == Int(OrdinaryUser.id))
            user.leavesNothing()
        }
    }

    // Goal: the whole life. Method: each verb by the user; a second process before and after the start.
    @Test("RO-02 an ordinary user creates, starts, enters, kills and deletes a container")
    func life() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let bundle = try user.bundle("exec sleep 100")
            try #require(try user("create", "--bundle", bundle.directory, "c").ok)
            let early = try user("exec", "c", "id", "-u")
            #expect(early.ok && early.lines == ["0"], "\(early)")
            try #expect(user("start", "c").ok)
            let inside = try user("exec", "c", "sh", "-c", "cat /proc/1/comm; tr -s ' ' < /proc/self/uid_map")
            #expect(inside.ok && inside.lines == ["sleep", " 0 \(OrdinaryUser.id) 1"], "\(inside)")
            try #expect(user("state", "c").json?["/status"]?.string == "running")
            try #expect(user("kill", "c", "KILL").ok)
            #expect(try eventually { try user("state", "c").json?["/status"]?.string == "stopped" })
            let deleted = try user("delete", "c")
            #expect(deleted.ok, "\(deleted)")
            user.leavesNothing()
        }
    }

    // Goal: no group is lost in silence. Method: groups with the own id alone: a warning, in run and in exec, and none
    // where none is asked for.
    @Test("RO-09 groups that cannot be set are told of", .only(.hull))
    func groups() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let words = "additionalGids: not set: setgroups(2) is denied in this user namespace"
            let bundle = try user.bundle("id -G; exec sleep 100") { $0["/process/user/additionalGids"] = [0] }
            let made = try user.start(["--root", user.home + "/state", "create", "--bundle", bundle.directory, "c"])
            let created = made.outcome()
            try #require(created.ok, "\(created)")
            expect(created, says: ["/process/user/" + words])
            try #expect(user("start", "c").ok)
            #expect(eventually { made.stdout == "0\n" }, "\(made.stdout)")
            let inside = try user("exec", "--additional-gids", "0", "c", "id", "-G")
            #expect(inside.ok && inside.lines == ["0"], "\(inside)")
            expect(inside, says: [words])
            let plain = try user("exec", "c", "true")
            #expect(plain.ok && plain.stderr.isEmpty, "\(plain)")
            try #expect(user("delete", "--force", "c").ok)
            user.leavesNothing()
        }
    }

    // Goal: an id that the container does not have is refused before anything is made. Method: of the process, of its
    // groups, of exec; each with its place and what there is.
    @Test("RO-10 ids that the container's map does not have are named", .only(.hull))
    func unmapped() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            for (place, words) in [
                ("uid", "/process/user/uid: 7 is not mapped in the container's user namespace"),
                ("gid", "/process/user/gid: 7 is not mapped in the container's user namespace"),
            ] {
                let outcome = try user.run("true") { $0["/process/user/" + place] = 7 }
                #expect(outcome.failed, "\(outcome)")
                expect(outcome, says: [words])
            }
            let bundle = try user.bundle("exec sleep 100")
            try #require(try user("create", "--bundle", bundle.directory, "c").ok)
            let inside = try user("exec", "--user", "7", "c", "true")
            #expect(inside.failed, "\(inside)")
            expect(inside, says: ["7 is not mapped"])
            try #expect(user("delete", "--force", "c").ok)
            user.leavesNothing()
        }
    }

    // Goal: the ids that /etc/subuid grants. Method: a map of two ranges; a process with an id and groups of them, in
    // run and in exec.
    @Test("RO-03 newuidmap and newgidmap map what the user is granted", .needs(.idTools))
    func granted() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let bundle = try user.bundle("id -u; id -G; exec sleep 100") {
                $0.mapGranted()
                $0["/process/user"] = ["uid": 5, "gid": 6, "additionalGids": [7, 8]]
            }
            let call = try user.start(["--root", user.home + "/state", "run", "--bundle", bundle.directory, "c"])
            #expect(eventually { call.stdout.contains("8") }, "\(Files.read(call.outputs.stderr) ?? "")")
            #expect(call.stdout == "5\n6 7 8\n")
            let pid = try #require(try user("state", "c").json?["/pid"]?.int)
            #expect(Status(of: "\(pid)")["Uid"]?.hasPrefix("300004 ") == true)
            let inside = try user("exec", "--user", "9:10", "c", "id")
            #expect(inside.lines.first?.hasPrefix("uid=9 gid=10") == true, "\(inside)")
            try #expect(user("kill", "c", "KILL").ok)
            #expect(call.outcome().ending == .exit(137))
            user.leavesNothing()
        }
    }

    // Goal: what the tool does not tell. Method: more ids than granted, ids of nobody's grant, no grant at all; the
    // error has the file, what it grants and what would do.
    @Test(
        "RO-04 ids that are not granted are refused with the grant and the remedy", .needs(.idTools), .only(.hull),
        arguments: [
            ("sailor:300000:65536", 65537, "300000-365536, and /etc/subuid grants sailor 300000-365535: not 365536"),
            ("\(OrdinaryUser.id):400000:10", 10, "wants 300000-300009, and /etc/subuid grants sailor 400000-400009"),
            ("", 10, "/etc/subuid has no range for sailor: as root usermod --add-subuids"),
        ] as [(String, Int64, String)])
    func notGranted(grant: String, size: Int64, words: String) throws {
        try scenario { s in
            var user = try OrdinaryUser(s)
            user.grant = grant
            let outcome = try user.run("true") {
                $0.mapGranted(size)
                $0["/linux/gidMappings"] = [["containerID": 0, "hostID": .int(Int64(OrdinaryUser.id)), "size": 1]]
            }
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: [words])
            expect(outcome, says: [" at /linux/uidMappings"])
            user.leavesNothing()
        }
    }

    // Goal: the same is known before. Method: check --host with more ids than granted, with no tool, and with all.
    @Test("CK-09 check --host tells which ids are not granted", .needs(.idTools), .only(.hull))
    func checked() throws {
        try scenario { s in
            var user = try OrdinaryUser(s)
            let good = try user.bundle("true") { $0.mapGranted() }
            let well = try user("check", "--host", "--bundle", good.directory)
            #expect(well.ok, "\(well)")
            let bundle = try user.bundle("true") { $0.mapGranted(65537) }
            let outcome = try user("check", "--host", "--bundle", bundle.directory)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            for (field, file) in [("uidMappings", "subuid"), ("gidMappings", "subgid")] {
                let words = "/linux/\(field): mapping 1 wants 300000-365536, and /etc/\(file) grants sailor "
                #expect(outcome.stdout.contains(words + "300000-365535: not 365536"), "\(outcome)")
            }
            user.environment = ["PATH=/none"]
            let missing = try user("check", "--host", "--bundle", good.directory)
            #expect(missing.stdout.contains("/linux/uidMappings: newuidmap is not installed"), "\(missing)")
        }
    }

    // Goal: a machine without the tools, and a caller from whom privileges are kept. Method: a PATH without them;
    // no_new_privs.
    @Test("RO-05 a tool that is missing or powerless is named", .needs(.idTools), .only(.hull))
    func noTool() throws {
        try scenario { s in
            var user = try OrdinaryUser(s)
            user.environment = ["PATH=/nonexistent"]
            let missing = try user.run("true") { $0.mapGranted() }
            #expect(missing.failed, "\(missing)")
            expect(missing, says: ["newgidmap is not installed at /linux/gidMappings"])
            expect(missing, says: [#"{"containerID": 0, "hostID": \#(OrdinaryUser.id), "size": 1}"#])
            user.environment = []
            user.privileges = ["--no-new-privs"]
            let powerless = try user.run("true") { $0.mapGranted() }
            #expect(powerless.failed, "\(powerless)")
            expect(powerless, says: ["hull was started with no_new_privs"])
            user.leavesNothing()
        }
    }

    // Goal: a config for root says what it lacks. Method: one without a user namespace.
    @Test("RO-06 without a user namespace an ordinary user is refused with the remedy", .only(.hull))
    func noUserNamespace() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let outcome = try user.run("true") {
                $0.removeNamespace("user")
                $0["/linux/uidMappings"] = nil
                $0["/linux/gidMappings"] = nil
            }
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["/linux/namespaces: without root a container needs a user namespace of its own"])
            expect(outcome, says: ["hull spec --rootless"])
            user.leavesNothing()
        }
    }

    // Goal: nothing is limited behind anybody's back. Method: limits without a delegated cgroup: warned of and run, or
    // refused where all are wanted; no cgroup is made.
    @Test("RO-07 without a delegated cgroup limits are told of, and an error with --strict-resources", .only(.hull))
    func undelegated() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let bundle = try user.bundle("echo ran") {
                $0["/linux/resources"] = ["memory": ["limit": 33_554_432], "pids": ["limit": 20]]
            }
            let outcome = try user("run", "--bundle", bundle.directory, "c")
            #expect(outcome.ok && outcome.lines == ["ran"], "\(outcome)")
            for limit in ["memory", "pids"] {
                expect(outcome, says: ["/\(limit)/limit: not applied: no cgroup is delegated to this user"])
            }
            expect(outcome, says: ["systemd-run --user --scope -p Delegate=yes"])
            let strict = try user("run", "--strict-resources", "--bundle", bundle.directory, "c")
            #expect(strict.failed && strict.lines.isEmpty, "\(strict)")
            expect(strict, says: ["/linux/resources/pids/limit: no cgroup is delegated to this user"])
            user.leavesNothing()
        }
    }

    // Goal: a delegated cgroup is used. Method: the container's place, pause, resume, ps; the end of all of it.
    @Test("RO-08 in a delegated cgroup the container gets one of its own")
    func delegated() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            try user.delegate()
            let bundle = try user.bundle("exec sleep 100") {
                let path = (s.cgroup ?? "").dropFirst((Machine.cgroups ?? "").count) + "/c"
                $0["/linux/cgroupsPath"] = .string(String(path))
            }
            try #require(try user("create", "--bundle", bundle.directory, "c").ok)
            try #expect(user("start", "c").ok)
            let pid = try #require(try user("state", "c").json?["/pid"]?.int)
            #expect(Files.read("/proc/\(pid)/cgroup")?.contains("/\(s.name)/c\n") == true)
            for (verb, status) in [("pause", "paused"), ("resume", "running")] {
                let outcome = try user(verb, "c")
                #expect(outcome.ok, "\(outcome)")
                try #expect(user("state", "c").json?["/status"]?.string == status)
            }
            let table = try user("ps", "--format", "json", "c")
            #expect(table.ok && table.stdout.contains("\(pid)"), "\(table)")
            try #expect(user("delete", "--force", "c").ok)
            user.leavesNothing()
        }
    }
}
