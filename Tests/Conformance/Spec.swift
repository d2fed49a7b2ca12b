// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Spec {
    // Goal: what spec writes runs. Method: a bundle of it, with the terminal off and our script.
    @Test("SP-01 the config that spec writes runs")
    func runs() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            Files.remove(bundle.directory + "/config.json")
            let outcome = try s.runtime("spec", "--bundle", bundle.directory)
            #expect(outcome.ok, "\(outcome)")
            var config = try JSON(parsing: try #require(Files.read(bundle.directory + "/config.json")))
            #expect(config["/process/terminal"]?.bool == true)
            config["/process/terminal"] = false
            config["/process/args"] = ["sh", "-c", "echo ran; hostname"]
            config["/linux/cgroupsPath"] = .string(s.cgroupsPath("g1"))
            bundle.config = config
            try bundle.write()
            let run = try s.run(bundle)
            #expect(run.lines.first == "ran", "\(run)")
        }
    }

    @Test("SP-02 spec does not overwrite a config")
    func overwrite() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let before = Files.read(bundle.directory + "/config.json")
            let outcome = try s.runtime("spec", "--bundle", bundle.directory)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains("config.json"))
            #expect(Files.read(bundle.directory + "/config.json") == before)
        }
    }

    @Test("SP-03 spec writes into the caller's directory when no bundle is said")
    func here() throws {
        try scenario { s in
            var launch = s.runtime.launch(["spec"])
            launch.directory = s.directory + "/empty"
            try Files.makeDirectory(launch.directory)
            try #expect(s.runtime.start(launch).outcome().ok)
            #expect(Files.list(launch.directory) == ["config.json"])
        }
    }

    @Test("SP-04 spec --bundle of a missing directory is refused")
    func missing() throws {
        try scenario { s in try #expect(s.runtime("spec", "--bundle", s.directory + "/none").failed) }
    }
}
