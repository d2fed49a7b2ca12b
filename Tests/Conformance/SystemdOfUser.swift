// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// A runtime that is called by an ordinary user who has a systemd of its own, as everybody has who is logged in.
@Suite(.runnable, .conformance, .needs(.systemdOfUser))
struct SystemdOfUser {
    private static let runtime = "/run/user/\(OrdinaryUser.id)"
    private static let manager = "/user.slice/user-\(OrdinaryUser.id).slice/user@\(OrdinaryUser.id).service"
    /// What puts a call below the user's systemd; without it the call is elsewhere, as a login is.
    private static let below = [
        "/usr/bin/env", "XDG_RUNTIME_DIR=" + runtime, "/usr/bin/systemd-run", "--user", "--scope", "--quiet",
        "--property=Delegate=yes", "--",
    ]

    private func user(_ s: Scenario, below: Bool) throws -> OrdinaryUser {
        var user = try OrdinaryUser(s)
        user.environment = ["XDG_RUNTIME_DIR=" + Self.runtime]
        if below { user.privileges = Self.below }
        return user
    }

    /// A property of a unit as the user's systemd has it.
    private func show(_ property: String, of unit: String) throws -> String {
        let words = [
            "--reuid=\(OrdinaryUser.id)", "--regid=\(OrdinaryUser.id)", "--clear-groups", "/usr/bin/env",
            "XDG_RUNTIME_DIR=" + Self.runtime, "systemctl", "--user", "show", "--value", "-p", property, unit,
        ]
        var launch = Launch("/usr/bin/setpriv", words, in: "/")
        launch.environment = Runtime.environment
        return try launch.start(outputs: Machine.base + "/show.\(Self.counter.next())").outcome(within: 60).stdout
            .trimmed
    }
    private static let counter = Counter()

    private func place(of pid: Int) -> String? { Files.read("/proc/\(pid)/cgroup")?.trimmed }

    /// Further processes of the container are in the cgroup too, and what an update says is in its file.
    private func lives(_ id: String, in cgroup: String, of user: OrdinaryUser, _ s: Scenario) throws {
        let first = try #require(try user("state", id).json?["/pid"]?.int)
        #expect(place(of: first) == "0::" + cgroup)
        let directory = (Machine.cgroups ?? "") + cgroup
        #expect(Files.read(directory + "/memory.max")?.trimmed == "67108864")
        let file = user.home + "/pid"
        let further = try user("exec", "--detach", "--pid-file", file, id, "sleep", "100")
        #expect(further.ok, "\(further)")
        #expect(Int(Files.read(file)?.trimmed ?? "").flatMap(place) == "0::" + cgroup)
        let inside = try user("exec", id, "cat", "/proc/self/cgroup")
        #expect(inside.ok && inside.lines == ["0::/"], "\(inside)")
        let update = try user("update", "--memory=83886080", "--pids-limit=33", id)
        #expect(update.ok, "\(update)")
        #expect(Files.read(directory + "/memory.max")?.trimmed == "83886080")
        #expect(Files.read(directory + "/pids.max")?.trimmed == "33")
        try #expect(user("kill", id, "KILL").ok)
        #expect(try eventually { try user("state", id).json?["/status"]?.string == "stopped" })
        let deleted = try user("delete", id)
        #expect(deleted.ok, "\(deleted)")
        #expect(!Files.exists(directory))
        user.leavesNothing()
    }

    private func bundle(_ user: OrdinaryUser) throws -> TestBundle {
        try user.bundle("exec sleep 100") {
            $0["/linux/resources"] = ["memory": ["limit": 67_108_864], "pids": ["limit": 44]]
        }
    }

    // Goal: a user with nothing but a login has containers with limits. Method: the whole life from a cgroup that is
    // not below the user's systemd, from where the kernel lets the user move nobody into a unit, and from one that is.
    @Test("UN-30 UN-31 the user's systemd makes the scope, wherever the call is from", arguments: [false, true])
    func scope(below: Bool) throws {
        try scenario { s in
            let user = try user(s, below: below)
            let id = s.use("\(s.name)-c")
            let unit = "\(Runtime.kind?.rawValue ?? "")-\(id).scope"
            let bundle = try bundle(user)
            let made = try user("--systemd-cgroup", "create", "--bundle", bundle.directory, id)
            try #require(made.ok, "\(made)")
            #expect(!made.stderr.contains("not applied"), "\(made)")
            try #expect(user("start", id).ok)
            try #expect(show("ActiveState", of: unit) == "active")
            try #expect(show("MemoryMax", of: unit) == "67108864")
            try #expect(show("TasksMax", of: unit) == "44")
            try lives(id, in: "\(Self.manager)/user.slice/\(unit)", of: user, s)
            #expect(try eventually { try show("LoadState", of: unit) == "not-found" })
        }
    }

    // Goal: what systemd delegates is used without it. Method: a scope of the user's that is delegated, and in it the
    // whole life with the driver cgroupfs, beside the caller's cgroup.
    @Test("UN-32 below the user's systemd the driver cgroupfs makes the cgroup")
    func cgroupfs() throws {
        try scenario { s in
            let user = try user(s, below: true)
            let id = s.use("\(s.name)-c")
            let bundle = try bundle(user)
            let made = try user("create", "--bundle", bundle.directory, id)
            try #require(made.ok, "\(made)")
            #expect(!made.stderr.contains("not applied"), "\(made)")
            try #expect(user("start", id).ok)
            try lives(id, in: "\(Self.manager)/app.slice/\(id)", of: user, s)
        }
    }

    // Goal: no session, no guessing. Method: a runtime directory without a systemd, and one that is not said.
    @Test(
        "UN-33 without the user's systemd the error says what makes a session", .only(.hull),
        arguments: [
            "XDG_RUNTIME_DIR=/tmp", "XDG_RUNTIME_DIR=",
        ])
    func noSession(variable: String) throws {
        try scenario { s in
            var user = try OrdinaryUser(s)
            let bundle = try bundle(user)
            user.environment = [variable]
            let outcome = try user("--systemd-cgroup", "create", "--bundle", bundle.directory, "c")
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["loginctl enable-linger USER"])
            expect(outcome, says: ["--cgroup-manager cgroupfs"])
            user.leavesNothing()
        }
    }
}
