// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// `--trace`, which the other runtimes do not have.
@Suite(.runnable, .conformance)
struct Trace {
    private func events(_ file: String, _ side: String? = nil) throws -> [JSON] {
        let json = try JSON(parsing: try #require(Files.read(file)))
        let all = try #require(json["/traceEvents"]?.array).filter { $0["/ph"] == "X" }
        return all.filter { side == nil || $0["/cat"]?.string == side }
    }

    private func number(_ event: JSON, _ name: String) -> Double {
        switch event["/" + name] {
        case .double(let value)?: value
        case .int(let value)?: Double(value)
        default: .nan
        }
    }

    /// The steps of one side in the words of `plan`, where the container is called so.
    private func planned(_ s: Scenario, _ bundle: TestBundle, _ side: String, _ id: String) throws -> [String] {
        let plan = try JSON(parsing: s.runtime("plan", "--format", "json", bundle.directory).stdout)
        return try #require(plan["/\(side)"]?.array).map {
            let words = ($0["/call"]?.string ?? "") + " " + ($0["/object"]?.string ?? "")
            return words.replacingOccurrences(of: "_ses.container", with: "_ses." + id)
                .replacingOccurrences(of: "record container", with: "record " + id)
        }
    }

    // Goal: every step of the plan is there once, in order, one after the other, within the whole. Method: the names
    // beside those of `plan`, the times beside one another.
    @Test("TR-01 the trace has every step of the plan in order", .only(.hull))
    func steps() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/hostname"] = "whale" }
            let (file, id) = (s.directory + "/trace.json", s.id())
            let outcome = try s.runtime("run", "--trace", file, "--bundle", bundle.directory, id)
            try #require(outcome.ok, "\(outcome)")
            for side in ["outside", "inside"] {
                let steps = try events(file, side).filter { $0["/args/step"] != nil }
                #expect(steps.compactMap { $0["/name"]?.string } == (try planned(s, bundle, side, id)))
                #expect(steps.map { $0["/args/step"]?.int } == Array(1...steps.count))
                #expect(Set(steps.map { $0["/pid"]?.int }).count == 1)
                var before = 0.0
                for event in try events(file, side) {
                    #expect(number(event, "ts") >= before - 0.002 && number(event, "dur") >= 0, "\(event.text)")
                    #expect(event["/args/unfinished"] == nil, "\(event.text)")
                    before = number(event, "ts") + number(event, "dur")
                }
            }
            let all = try events(file)
            let end = all.map { number($0, "ts") + number($0, "dur") }.max() ?? 0
            let last = try #require(all.last)
            #expect(last["/name"]?.string?.hasPrefix("execve ") == true)
            #expect(abs(number(last, "ts") + number(last, "dur") - end) < 0.002 && end < 30_000_000)
            let hostname = all.first { $0["/name"] == "sethostname whale" }
            #expect(hostname?["/args/origin"] == "/hostname")
        }
    }

    // Goal: the picture is XML with a bar for each step. Method: Python's parser, beside the trace's own events.
    @Test("TR-02 a file that ends in .svg is the drawn trace", .only(.hull))
    func picture() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/hostname"] = "a<b&c" }
            let (file, other) = (s.directory + "/trace.svg", s.directory + "/trace.json")
            for path in [file, other] {
                let outcome = try s.runtime("run", "--trace", path, "--bundle", bundle.directory, s.id())
                try #require(outcome.ok, "\(outcome)")
            }
            let script = """
                import sys, xml.etree.ElementTree as E; n = "{http://www.w3.org/2000/svg}"
                print(*[g.find(n + "title").text for g in E.parse(sys.argv[1]).getroot().findall(n + "g")], sep="\\n")
                """
            let python = try #require(Files.program("python3"))
            let parsed = try s.runtime.start(Launch(python, ["-c", script, file], in: s.directory)).outcome()
            #expect(try parsed.lines.count == events(other).count, "\(parsed)")
            #expect(parsed.lines.contains { $0.contains("sethostname a<b&c [/hostname]: ") }, "\(parsed)")
        }
    }

    // Goal: a creation that fails leaves its trace, and that a creation ends with the wait for start is no failure.
    // Method: a program that is not there, and one that is.
    @Test("TR-03 the trace of create goes as far as it came", .only(.hull))
    func unfinished() throws {
        try scenario { s in
            let file = s.directory + "/trace.json"
            let bad = try s.bundle(["/none"])
            let outcome = try s.runtime("create", "--trace", file, "--bundle", bad.directory, s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
            let open = try events(file).filter { $0["/args/unfinished"] == true }
            #expect(open.compactMap { $0["/name"]?.string } == ["poll ready", "access /none"])
            #expect(open.last?["/args/origin"] == "/process/args/0")
            let container = try s.create(s.bundle(script: "true"), ["--trace", file])
            let waits = try events(file).filter { $0["/args/unfinished"] == true }
            #expect(waits.compactMap { $0["/name"]?.string } == ["accept start"])
            #expect(try s.runtime("delete", "--force", container.id).ok)
        }
    }

    // Goal: the file is the caller's: a link is replaced and not followed, what is no file stays, and what cannot be
    // written is known before anything is made. Method: each.
    @Test("TR-04 a link at the place is not followed, and a device is refused", .only(.hull))
    func places() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let (target, link) = (s.directory + "/target", s.directory + "/link")
            try Files.write("mine", to: target)
            try Files.link(target, at: link)
            #expect(try s.runtime("run", "--trace", link, "--bundle", bundle.directory, s.id()).ok)
            #expect(Files.read(target) == "mine")
            #expect(try !events(link).isEmpty)
            let device = try s.runtime("run", "--trace", "/dev/null", "--bundle", bundle.directory, s.id())
            #expect(device.ending == .exit(1) && device.stderr.contains("/dev/null is no regular file"), "\(device)")
            let none = try s.runtime("run", "--trace", s.directory + "/none/t", "--bundle", bundle.directory, s.id())
            #expect(none.ending == .exit(1) && none.stderr.contains("no such file or directory"), "\(none)")
            #expect(Files.list(s.runtime.root).isEmpty)
        }
    }

    // Goal: who is not traced pays nothing, and the container's process makes no call for it. Method: strace counts the
    // calls of both processes, by name.
    @Test("TR-05 the container's process makes the same system calls with a trace", .only(.hull))
    func calls() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe"])
            let strace = try #require(Files.program("strace"))
            func calls(_ options: [String]) throws -> (runtime: [String: Int], process: [String: Int]) {
                let file = s.directory + "/calls"
                let words = ["-f", "-qq", "-o", file, Runtime.program, "--root", s.runtime.root, "run"] + options
                var launch = Launch(strace, words + ["--bundle", bundle.directory, s.id()], in: s.directory)
                launch.environment = Runtime.environment
                launch.cgroup = s.runtime.cage
                _ = try s.runtime.start(launch).outcome()
                let lines = (Files.read(file) ?? "").split(separator: "\n").map {
                    $0.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
                }
                var found: [Substring: [String: Int]] = [:]
                for line in lines where line.count == 2 && !line[1].contains(" resumed>") {
                    let call = line[1].drop { $0 == " " }
                    // Only what comes before the program; of mappings, those that are shared.
                    if found[line[0]]?["execve"] == 1, line[0] != lines[0][0] { continue }
                    let isShared = call.contains("MAP_SHARED|MAP_ANONYMOUS")
                    if call.hasPrefix("mmap("), !isShared { continue }
                    found[line[0], default: [:]][String(call.prefix { $0 != "(" }), default: 0] += 1
                }
                let first = try #require(lines.first?.first)
                let second = try #require(lines.first { $0[0] != first }?.first)
                return (found[first] ?? [:], found[second] ?? [:])
            }
            let (plain, traced) = (try calls([]), try calls(["--trace", s.directory + "/trace.json"]))
            #expect(plain.process["execve"] == 1 && plain.process == traced.process)
            #expect(plain.runtime["mmap"] == nil && traced.runtime["mmap"] == 1)
            #expect(plain.runtime["clock_gettime"] == nil)
        }
    }

    // Goal: a further process has its timeline, too: what joins the container, and what stands around it. Method: exec
    // of a program that is there, detached and not, and of one that is not.
    @Test("TR-06 exec has a trace of both processes", .only(.hull))
    func exec() throws {
        try scenario { s in
            let file = s.directory + "/trace.json"
            let container = try s.start("sleep 60")
            for options in [[], ["--detach"]] {
                let outcome = try s.runtime(["exec", "--trace", file] + options + [container.id, "/bin/true"])
                try #require(outcome.ok, "\(outcome)")
                let (outside, inside) = (try events(file, "outside"), try events(file, "inside"))
                let steps = inside.compactMap { $0["/name"]?.string }
                #expect(steps.first == "begin setsid, close_range" && steps.last?.hasPrefix("execve the last") == true)
                #expect(steps.contains { $0.hasPrefix("setns 0 CLONE_NEW") }, "\(steps)")
                #expect(inside.contains { $0["/name"] == "access /bin/true" && $0["/args/origin"] == "/args/0" })
                #expect(outside.contains { $0["/name"]?.string?.hasPrefix("clone3") == true })
                #expect((outside + inside).allSatisfy { $0["/args/unfinished"] == nil })
                #expect(Set((outside + inside).map { $0["/pid"]?.int }).count == 2)
            }
            let none = try s.runtime("exec", "--trace", file, container.id, "/none")
            #expect(none.ending == .exit(255), "\(none)")
            let open = try events(file).filter { $0["/args/unfinished"] == true }
            #expect(open.compactMap { $0["/name"]?.string } == ["poll ready", "access /none"])
            let refused = try s.runtime("exec", "--trace", "/dev/null", container.id, "/bin/true")
            #expect(refused.ending == .exit(255) && refused.stderr.contains("/dev/null is no regular file"))
            #expect(try s.runtime("exec", "--trace", s.directory + "/e.svg", container.id, "/bin/true").ok)
            #expect(Files.read(s.directory + "/e.svg")?.contains("process of exec, pid ") == true)
        }
    }

    // Goal: what start does and waits for, with the hooks on both sides of it; what takes no file starts nothing.
    // Method: hooks that take a while, a directory that is not there, a program that cannot be executed.
    @Test("TR-07 start has a trace of what it waits for", .only(.hull))
    func start() throws {
        try scenario { s in
            let file = s.directory + "/trace.json"
            let bundle = try s.bundle(script: "sleep 60") { config in
                config["/hooks"] = [
                    "startContainer": [["path": "/bin/sh", "args": ["sh", "-c", "sleep 0.2"]]],
                    "poststart": [["path": "/bin/sh", "args": ["sh", "-c", "sleep 0.2"]]],
                ]
            }
            let container = try s.create(bundle)
            let nowhere = try s.runtime("start", "--trace", s.directory + "/none/t", container.id)
            #expect(nowhere.ending == .exit(1) && nowhere.stderr.contains("no such file or directory"), "\(nowhere)")
            try #expect(container.status() == "created")
            try #expect(s.runtime("start", "--trace", file, container.id).ok)
            let all = try events(file)
            #expect(
                all.compactMap { $0["/name"]?.string } == [
                    "open find the container", "connect to the process", "accept start",
                    "start until the program is executed",
                    "execve startContainer hooks: 1, then the last mile: privileges, filter, program",
                    "execve poststart hooks: 1",
                ])
            #expect(all.suffix(2).allSatisfy { number($0, "dur") > 200_000 }, "\(all)")
            #expect(all.suffix(2).map { $0["/args/origin"] } == ["/hooks/startContainer", "/hooks/poststart"])
            #expect(all.allSatisfy { $0["/args/unfinished"] == nil })
            let again = try s.runtime("start", "--trace", s.directory + "/again", container.id)
            #expect(again.failed && Files.read(s.directory + "/again") == nil, "\(again)")
            let bad = try s.bundle(["/bin/bad"])
            try Files.write("\u{7f}ELF", to: bad.rootfs + "/bin/bad", mode: 0o755)
            let failing = try s.create(bad)
            try #expect(s.runtime("start", "--trace", file, failing.id).failed)
            let open = try events(file).filter { $0["/args/unfinished"] == true }
            #expect(open.compactMap { $0["/name"]?.string?.split(separator: " ").first } == ["start", "execve"])
        }
    }

    // Goal: the hooks after the start are part of what run takes. Method: a hook that takes a while.
    @Test("TR-08 run's trace has the hooks after the start", .only(.hull))
    func hooks() throws {
        try scenario { s in
            let file = s.directory + "/trace.json"
            let bundle = try s.bundle(script: "true") {
                $0["/hooks"] = ["poststart": [["path": "/bin/sh", "args": ["sh", "-c", "sleep 0.2"]]]]
            }
            let outcome = try s.runtime("run", "--trace", file, "--bundle", bundle.directory, s.id())
            try #require(outcome.ok, "\(outcome)")
            let hooks = try #require(events(file).first { $0["/name"] == "execve poststart hooks: 1" })
            #expect(number(hooks, "dur") > 200_000 && hooks["/args/origin"] == "/hooks/poststart", "\(hooks.text)")
        }
    }
}
