// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

@testable import HullCommandLine

/// (UP-01)
@Suite struct UpdateOptionsTests {
    private func update(_ line: String) throws -> UpdateOptions {
        guard case .update(let options) = try Invocation(words("update " + line)).command else {
            throw UsageProblem(problem: "another verb")
        }
        return options
    }

    // Goal: each option is the field of the document that it names. Method: options against the document.
    @Test(arguments: [
        ("--memory 512m web", #"{"memory":{"limit":536870912}}"#),
        ("--memory 1.5g --memory-swap -1 web", #"{"memory":{"limit":1610612736,"swap":-1}}"#),
        ("--memory-reservation 1024 web", #"{"memory":{"reservation":1024}}"#),
        ("--kernel-memory 1KiB --kernel-memory-tcp 2kB web", #"{"memory":{"kernel":1024,"kernelTCP":2048}}"#),
        ("--cpu-quota -1 --cpu-period 1000 web", #"{"cpu":{"quota":-1,"period":1000}}"#),
        ("--cpu-share 5 --cpu-burst 6 --cpu-idle 1 web", #"{"cpu":{"shares":5,"burst":6,"idle":1}}"#),
        ("--cpu-rt-runtime 5 --cpu-rt-period 6 web", #"{"cpu":{"realtimeRuntime":5,"realtimePeriod":6}}"#),
        ("--cpuset-cpus 0-3,7 --cpuset-mems 0 web", #"{"cpu":{"cpus":"0-3,7","mems":"0"}}"#),
        ("--pids-limit 0 --blkio-weight 500 web", #"{"pids":{"limit":0},"blockIO":{"weight":500}}"#),
    ])
    func fields(_ line: String, _ document: String) throws {
        let options = try update(line)
        #expect(options.id == "web" && options.resources == nil)
        #expect(try options.said == Config.Linux.Resources.read(Array(document.utf8)))
    }

    // Goal: a document, or something to change, is needed. Method: neither; each spelling of the file.
    @Test func document() throws {
        #expect(throws: UsageError.self) { try update("web") }
        #expect(throws: UsageError.self) { try update("--memory 5") }
        #expect(try update("-r - web").resources == "-")
        #expect(try update("--resources=/x web").resources == "/x")
    }

    // Goal: lines for a class of service are beside the document, which has no place for them. Method: both together.
    @Test func schemas() throws {
        let options = try update("--l3-cache-schema L3:0=f --mem-bw-schema MB:0=50 web")
        #expect(options.intelRdt.l3CacheSchema == "L3:0=f" && options.intelRdt.memBwSchema == "MB:0=50")
        #expect(try update("-r - --l3-cache-schema L3:0=f web").intelRdt.l3CacheSchema == "L3:0=f")
    }

    // Goal: every verb that applies limits can be strict. Method: each with and without.
    @Test func strict() throws {
        #expect(try update("--pids-limit 1 --strict-resources web").strictResources)
        #expect(try !update("--pids-limit 1 web").strictResources)
        guard case .create(let create) = try Invocation(words("create --strict-resources web")).command,
            case .run(let run) = try Invocation(words("run --strict-resources web")).command
        else { throw UsageProblem(problem: "another verb") }
        #expect(create.strictResources && run.create.strictResources)
    }

    // Goal: what is no number is refused with what is wanted. Method: one of each kind.
    @Test(arguments: [
        ("--memory 5x", "not a number of bytes"), ("--memory -5", "not a number of bytes"),
        ("--memory .", "not a number of bytes"), ("--memory 99999999t", "not a number of bytes"),
        ("--pids-limit many", "not a whole number"), ("--cpu-period -1", "not a whole number from 0 on"),
    ])
    func refused(_ line: String, _ words: String) {
        do {
            _ = try update(line + " web")
            Issue.record("accepted")
        } catch let error as UsageError {
            #expect(error.problem.text.contains(words), "\(error.problem.text)")
        } catch { Issue.record(error) }
    }

    // Goal: spans of time as engines write them. Method: a table with what is none.
    @Test(
        arguments: [
            ("5s", 5000), ("1m30s", 90_000), ("500ms", 500), ("1.5h", 5_400_000), ("1000us", 1), ("5", nil), ("s", nil),
            ("", nil), ("0s", nil), ("5d", nil), ("-5s", nil), ("5s3", nil), ("1ns", nil),
        ] as [(String, Int64?)])
    func durations(_ text: String, _ milliseconds: Int64?) {
        #expect((try? parseDuration(Bytes(text), of: "interval")) == milliseconds)
    }
}
