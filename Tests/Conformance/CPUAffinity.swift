// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct CPUAffinity {
    static let script = "grep Cpus_allowed_list /proc/self/status | cut -f2"

    /// The CPUs of these tests.
    private func cpus() -> String? {
        Files.read("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?
            .split(separator: "\t").last.map(String.init)
    }

    /// Runs the runtime bound to the first CPU.
    private func bound(_ launch: Launch) -> Launch {
        var launch = launch
        launch.arguments = ["-c", "0", launch.program] + launch.arguments
        launch.program = "/usr/bin/taskset"
        return launch
    }

    // Goal: a caller that is bound to CPUs does not bind the container. Method: the runtime is started so.
    @Test("AF-01 the program may use all CPUs of its cgroup, whatever its caller's", .needs(.cpus(2)))
    func reset() throws {
        try scenario { s in
            let bundle = try s.bundle(script: Self.script)
            let launch = bound(s.runtime.launch(["run", "--bundle", bundle.directory, s.id()]))
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.lines == [cpus()], "\(outcome)")
        }
    }

    // Goal: final is for the process, initial for the time before. Method: both in the document of exec.
    @Test(
        "AF-02 exec has the CPUs of execCPUAffinity", .needs(.cpus(2)),
        arguments: [
            (["final": "1"], "1"), (["initial": "0", "final": "1"], "1"), (["initial": "0", "final": "1,1100"], "1"),
            (["initial": "1", "final": ""], "1"), (["initial": "", "final": "0"], "0"),
        ] as [(JSON, String)])
    func exec(said: JSON, expected: String) throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            var process = Exec.process
            process["/args"] = ["/bin/sh", "-c", .string(Self.script)]
            process["/execCPUAffinity"] = said
            let outcome = try Exec.exec(s, container, process)
            #expect(outcome.lines == [expected], "\(outcome)")
        }
    }

    // Goal: the container's own property is for exec alone. Method: the first process and a further one.
    @Test("AF-03 execCPUAffinity of the config is for exec and not for the first process", .needs(.cpus(2)))
    func config() throws {
        try scenario { s in
            let container = try s.start(Self.script + "; exec sleep 100") {
                $0["/process/execCPUAffinity"] = ["final": "1"]
            }
            container.says("\n")
            #expect(container.lines == [cpus()])
            #expect(try container.exec("sh", "-c", Self.script).lines == ["1"])
        }
    }

    @Test(
        "AF-04 what is no list of CPUs is refused", arguments: ["a", "1-", "3-1", "0,,1", "99999999999"])
    func mistakes(list: String) throws {
        try scenario { s in
            try s.refuses("/process/execCPUAffinity/initial", "CPU", "affinity") {
                $0["/process/execCPUAffinity"] = ["initial": .string(list)]
            }
            try s.refuses("/process/execCPUAffinity/final", "CPU", "affinity") {
                $0["/process/execCPUAffinity"] = ["final": .string(list)]
            }
        }
    }
}
