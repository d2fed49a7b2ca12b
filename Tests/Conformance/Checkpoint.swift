// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// A program that counts in a file of the host, and ends with 7 when it is asked to.
private let counting = """
    exec < /dev/null > /dev/null 2>&1
    n=0; while ! test -e /data/stop; do n=$((n+1)); echo $n > /data/n; sleep 0.05; done; exit 7
    """

/// Saving and restoring by CRIU, which is slow: few containers, and much asked of each.
@Suite(.runnable, .conformance, .serialized)
struct Checkpoint {
    /// A bundle with a directory of the host at /data.
    private func bundle(
        _ s: Scenario, _ script: String, _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> TestBundle {
        try Files.makeDirectory(s.directory + "/data")
        return try s.bundle(script: script) { config in
            config.mount("/data", type: "bind", from: s.directory + "/data", ["rbind", "rw"])
            try edit(&config)
        }
    }

    private func start(_ s: Scenario, _ bundle: TestBundle, _ options: [String] = []) throws -> Container {
        let container = try s.create(bundle, options)
        let outcome = try container("start")
        try #require(outcome.ok, "\(outcome)")
        return container
    }

    /// The program's count.
    private func count(_ s: Scenario) -> Int {
        Int((Files.read(s.directory + "/data/n") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// Mounts of a process: where, what, how.
    private func mounts(of pid: Int) -> [String] {
        (Files.read("/proc/\(pid)/mountinfo") ?? "").split(separator: "\n").map { line in
            let fields = line.split(separator: " ")
            let type = fields.firstIndex(of: "-").map { fields[$0 + 1] } ?? ""
            return "\(fields[4]) \(fields[3]) \(fields[5]) \(type)"
        }.sorted()
    }

    // Goal: the program goes on, in the same surroundings, under the same id and another. Method: a counter in a file
    // of the host; the mounts before and after, one led astray by a link of the image, one brought along by another;
    // limits; the pid file.
    @Test(
        "SV-40 a container is saved and removed, and goes on where it was when it is restored", .needs(.criu),
        .only(.hull, .runc))
    func goesOn() throws {
        try scenario { s in
            let bundle = try bundle(s, counting) { config in
                config["/linux/resources/pids"] = ["limit": 77]
                guard Runtime.kind == .hull else { return }
                config.mount("/led/astray", type: "bind", from: "/etc", ["bind", "ro"])
                config.mount("/data/tmp", type: "tmpfs", from: "tmpfs", ["nosuid"])
            }
            try Files.link("/mnt", at: bundle.rootfs + "/led")
            let container = try start(s, bundle)
            #expect(eventually { count(s) > 3 })
            let before = try mounts(of: container.pid())
            let images = s.directory + "/images"
            let saved = try container("checkpoint", "--image-path=" + images, "--work-path=" + s.directory + "/work")
            #expect(saved.ok, "\(saved)")
            #expect(try s.runtime("state", container.id).failed)
            let last = count(s)
            let pidFile = s.directory + "/pid"
            let restored = try s.runtime(
                "restore", "--detach", "--bundle", bundle.directory, "--image-path", images, "--work-path",
                s.directory + "/work", "--pid-file", pidFile, container.id)
            #expect(restored.ok, "\(restored)")
            #expect(try container.status() == "running")
            #expect(eventually { count(s) > last + 3 })
            #expect(count(s) < last + 1000)
            let pid = try container.pid()
            #expect(Files.read(pidFile) == "\(pid)")
            if Runtime.kind == .hull { #expect(mounts(of: pid) == before) }
            let path = (Files.read("/proc/\(pid)/cgroup") ?? "").split(separator: ":").last?.dropLast() ?? ""
            let directory = "/sys/fs/cgroup" + path
            #expect(path == bundle.config["/linux/cgroupsPath"]?.string ?? "")
            if Machine.controllers.contains("pids") { #expect(Files.read(directory + "/pids.max") == "77\n") }
            #expect((Files.read(directory + "/cgroup.procs") ?? "").contains("\(pid)"))
            try #expect(container("kill", "KILL").ok)
            try container.comes(to: "stopped")
        }
    }

    // Goal: memory can be saved first, the rest later, and the container need not end; from that it is restored in the
    // foreground, where hull gives its exit status and removes it. Method: a child of images; the streams of the new
    // caller; hooks with a file.
    @Test("SV-41 a container goes on after a pre-dump and with leave-running", .needs(.criu), .only(.hull))
    func leavesRunning() throws {
        try scenario { s in
            let script = "n=0; while ! test -e /data/stop; do n=$((n+1)); echo n $n; sleep 0.05; done; echo bye; exit 7"
            let trace = s.directory + "/hooks"
            let bundle = try bundle(s, script) { config in
                for kind in ["prestart", "createRuntime", "poststart", "poststop"] {
                    config["/hooks/\(kind)"] = [
                        ["path": "/bin/sh", "args": ["sh", "-c", .string("echo \(kind) >> \(trace)")]]
                    ]
                }
            }
            let container = try start(s, bundle)
            container.says("n 3")
            let first = try container("checkpoint", "--pre-dump", "--image-path=" + s.directory + "/first")
            #expect(first.ok && first.stderr.isEmpty, "\(first)")
            let second = try container(
                "checkpoint", "--leave-running", "--parent-path=../first", "--image-path=" + s.directory + "/second")
            #expect(second.ok, "\(second)")
            #expect(Files.exists(s.directory + "/second/parent"))
            try #expect(container.status() == "running")
            let before = container.output
            #expect(eventually { container.output != before })
            try #expect(container("delete", "--force").ok)
            Files.remove(trace)
            let call = try s.runtime.start([
                "restore", "--bundle", bundle.directory, "--image-path", s.directory + "/second", container.id,
            ])
            #expect(eventually(within: 60) { call.stdout.contains("n ") }, "\(call.stdout)")
            // The record is there before the processes go on; the hook runs when they do.
            #expect(try container.status() == "running")
            let hooks = "prestart\ncreateRuntime\npoststart\n"
            #expect(eventually(within: 60) { Files.read(trace) == hooks }, "\(Files.read(trace) ?? "none")")
            try Files.write("", to: s.directory + "/data/stop")
            let outcome = call.outcome(within: 30)
            #expect(outcome.ending == .exit(7) && outcome.stdout.contains("bye"), "\(outcome)")
            #expect(Files.read(trace)?.hasSuffix("poststop\n") == true)
            try #expect(s.runtime("state", container.id).failed)
        }
    }

    // Goal: a terminal is a new one of the restore's, and a union keeps its changes. Method: a program that answers
    // what is typed, on a root with an upper layer in a directory.
    @Test("SV-42 a container with a terminal and a union for its root is restored", .needs(.criu), .only(.hull))
    func terminal() throws {
        try scenario { s in
            let script = "echo changed > /note; echo ready; while read line; do echo got $line $(cat /note); done"
            let bundle = try bundle(s, script) { config in
                Console.terminal(&config)
                config["/root/readonly"] = false
            }
            // A union is no place for the upper layer of another one, and the emulated machine's root is one.
            let upper = (Files.exists("/run/vm") ? "/var/tmp" : s.directory) + "/upper.\(s.id())"
            try Files.makeDirectory(upper)
            defer { Files.remove(upper) }
            let socket = try ConsoleSocket(at: s.directory + "/tty")
            let container = try start(s, bundle, ["--console-socket", socket.path, "--overlay=" + upper])
            // Its end would be the end of the program: SIGHUP.
            let first = try socket.terminal()
            first.says("ready")
            let images = s.directory + "/images"
            let saved = try container("checkpoint", "--image-path=" + images)
            #expect(saved.ok, "\(saved)")
            let words = ["restore", "--detach", "--bundle", bundle.directory, "--image-path", images]
            #expect(first.text.contains("ready"))
            let without = try s.runtime(words + ["--console-socket", socket.path, container.id])
            #expect(without.ending == .exit(1), "\(without)")
            expect(without, says: ["the root of the checkpoint was a union"])
            let restored = try s.runtime(
                words + ["--console-socket", socket.path, "--overlay=" + upper, container.id])
            #expect(restored.ok, "\(restored)")
            let terminal = try socket.terminal()
            terminal.write("fish\n")
            terminal.says("got fish changed")
        }
    }

    // Goal: where CRIU cannot work its own reason is told, and the container goes on. Method: a machine on which `criu
    // check` fails.
    @Test("SV-43 CRIU's own reason is in the sentence", .needs(.noCRIU), .only(.hull))
    func reason() throws {
        try scenario { s in
            let bundle = try bundle(s, counting)
            let container = try start(s, bundle)
            let images = s.directory + "/images"
            let saved = try container("checkpoint", "--image-path=" + images)
            #expect(saved.ending == .exit(1), "\(saved)")
            let log = Files.read(images + "/dump.log") ?? ""
            let problem =
                log.split(separator: "\n").last { $0.contains("Error (") }?.split(separator: "): ").last ?? "?"
            #expect(saved.stderr.contains("criu failed: ") && saved.stderr.contains(problem), "\(saved) \(problem)")
            #expect(saved.stderr.contains(images + "/dump.log has all that it says"), "\(saved)")
            try #expect(container.status() == "running")
            let before = count(s)
            #expect(eventually { count(s) > before })
            try #expect(container("delete", "--force").ok)
            let id = s.id()
            let restored = try s.runtime("restore", "--bundle", bundle.directory, "--image-path", images, id)
            #expect(restored.ending == .exit(1), "\(restored)")
            #expect(restored.stderr.contains("criu failed: ") && restored.stderr.contains(problem), "\(restored)")
            try #expect(s.runtime("state", id).failed)
        }
    }

    @Test("SV-44 only what runs is saved", .only(.hull))
    func states() throws {
        try scenario { s in
            let container = try s.create(s.bundle(script: "exec sleep 100"))
            let created = try container("checkpoint", "--image-path=" + s.directory + "/images")
            #expect(created.ending == .exit(1), "\(created)")
            expect(created, says: ["was not started"])
            try #expect(container("start").ok)
            try #expect(container("kill", "KILL").ok)
            try container.comes(to: "stopped")
            let stopped = try container("checkpoint", "--image-path=" + s.directory + "/images")
            #expect(stopped.ending == .exit(1), "\(stopped)")
            expect(stopped, says: ["container not running"])
            #expect(!Files.exists(s.directory + "/images"))
        }
    }

    // Goal: images are believed no more than a config is (CVE-2026-119101). Method: directories that are none, and
    // names of mounts that were changed; nothing is left of any.
    @Test("SV-45 images that are not what they must be are refused", .only(.hull))
    func images() throws {
        try scenario { s in
            let bundle = try bundle(s, counting)
            let images = s.directory + "/images"
            func restore(_ says: String) throws {
                let id = s.id()
                let outcome = try s.runtime(
                    "restore", "--detach", "--bundle", bundle.directory, "--image-path", images, id)
                #expect(outcome.ending == .exit(1), "\(outcome)")
                expect(outcome, says: [says])
                try #expect(s.runtime("state", id).failed)
            }
            try restore("no such file or directory")
            try Files.makeDirectory(images)
            try restore("there is no checkpoint of hull's")
            let names = [
                (#"{"key":"m0","destination":"/etc"}"#, "the checkpoint has a mount at \"/etc\""),
                (#"{"key":"m0]:/etc","destination":"/data"}"#, "/mounts/0/key: \"m0]:/etc\" is no key of hull's"),
                (
                    #"{"key":"m0","destination":"/data","below":"../../etc"}"#,
                    "/mounts/0/below: \"../../etc\" is no path below a mount"
                ),
            ]
            for (mount, problem) in names {
                let text =
                    #"{"version":1,"mounts":["# + mount
                    + #"],"streams":[],"namespaces":[],"terminal":false,"overlay":false}"#
                try Files.write(text, to: images + "/hull.json")
                try restore(problem)
            }
        }
    }

    // Goal: a mount point whose name would be more to CRIU is refused before CRIU hears of it (CVE-2026-115520).
    // Method: a directory of the image behind a link, with such a name.
    @Test("SV-46 a name of a mount point that CRIU would misread is refused", .only(.hull))
    func names() throws {
        try scenario { s in
            for name in ["a]:b", "a\nb"] {
                let bundle = try s.bundle(script: "exec sleep 100") { config in
                    config.mount("/link", type: "bind", from: "/etc", ["bind", "ro"])
                }
                try Files.makeDirectory(bundle.rootfs + "/" + name)
                try Files.link("/" + name, at: bundle.rootfs + "/link")
                let container = try start(s, bundle)
                let outcome = try container("checkpoint", "--image-path=" + s.directory + "/images")
                #expect(outcome.ending == .exit(1), "\(outcome)")
                expect(outcome, says: ["CRIU would take the name of the mount point"])
                #expect(!Files.exists(s.directory + "/images"))
                try #expect(container("delete", "--force").ok)
            }
        }
    }

    // Goal: options that a restore cannot have an effect of are refused. Method: each; engines pass 0 and false.
    @Test("SV-51 options without an effect at restore are refused", .only(.hull))
    func refused() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let cases: [([String], String)] = [
                (["--no-pivot"], "option --no-pivot: CRIU enters the root of a restored container by pivot_root alone"),
                (["--preserve-fds=1"], "option --preserve-fds: a restored container has the descriptors of the images"),
                (["--no-pivot=false", "--preserve-fds=0"], "there is no checkpoint of hull's"),
            ]
            try Files.makeDirectory(s.directory + "/images")
            for (words, says) in cases {
                let id = s.id()
                let outcome = try s.runtime(
                    ["restore", "--detach", "--bundle", bundle.directory, "--image-path", s.directory + "/images"]
                        + words + [id])
                #expect(outcome.ending == .exit(1), "\(outcome)")
                expect(outcome, says: [says])
                try #expect(s.runtime("state", id).failed)
            }
        }
    }
}
