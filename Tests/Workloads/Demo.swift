// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// The bundle that the README begins with.
@Suite(.runnable)
struct Demo {
    // Goal: the first thing that people run works. Method: the script itself, with the runtime under test.
    @Test("scripts/demo", .timeLimit(.minutes(3)), .program("busybox"))
    func script() throws {
        let environment = Runtime.environment + ["HULL=" + Runtime.program]
        var launch = Launch(RootFilesystem.repository + "/scripts/demo", in: "/")
        launch.environment = environment
        let outcome = try launch.start(outputs: Machine.base + "/demo").outcome(within: 120)
        #expect(outcome.ok, "\(outcome)")
        for words in ["hello from hull, pid 1, uid 0", "\"status\": \"created\"", "running", "did you mean \"uts\"?"] {
            #expect(outcome.stdout.contains(words) || outcome.stderr.contains(words), "no \(words) in \(outcome)")
        }
        #expect(!Files.exists("/run/hull/demo"))
    }

    /// A bundle like that of the demo: every name of busybox.
    static func bundle(_ s: Scenario) throws -> String {
        let bundle = s.directory + "/demo"
        let busybox = try #require(RootFilesystem.busybox)
        for directory in ["bin", "sbin", "usr/bin", "usr/sbin", "proc", "dev", "sys"] {
            try Files.makeDirectory(bundle + "/rootfs/" + directory)
        }
        try Files.copy(busybox, to: bundle + "/rootfs/bin/busybox", mode: 0o755)
        try #require(try host(["chroot", bundle + "/rootfs", "/bin/busybox", "--install", "-s"]).ok)
        return bundle
    }

    /// What `spec` of another runtime, or of hull, writes: nothing of it is changed but what `edit` says.
    static func spec(_ s: Scenario, _ program: String, in bundle: String, _ edit: (inout JSON) -> Void) throws {
        Files.remove(bundle + "/config.json")
        let outcome = try host([program, "spec", "--bundle", bundle])
        try #require(outcome.ok, "\(outcome)")
        var config = try JSON(parsing: try #require(Files.read(bundle + "/config.json")))
        edit(&config)
        try Files.write(config.text, to: bundle + "/config.json")
    }

    // Goal: a config that was not written for hull. Method: runc's own default, and hull's, without a terminal.
    @Test(
        "the bundle with the config that spec writes", .timeLimit(.minutes(2)), .program("runc"),
        arguments: ["runc", Runtime.program])
    func specOf(program: String) throws {
        try scenario { s in
            let bundle = try Self.bundle(s)
            let id = s.id()
            try Self.spec(s, program, in: bundle) {
                $0["/process/terminal"] = false
                $0["/process/args"] = [
                    "sh", "-c", "echo hello from $(hostname), pid $$, uid $(id -u); ls /proc/self/fd | wc -l; touch /x",
                ]
            }
            let outcome = try s.runtime("run", "--bundle", bundle, id)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.lines.first?.hasSuffix(", pid 1, uid 0") == true, "\(outcome)")
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
        }
    }
}
