// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Programs that cannot be run: engines read the words of the error.
@Suite(.runnable, .conformance)
struct Executables {
    private func refused(_ program: String, _ words: [String], prepare: (TestBundle) throws -> Void = { _ in }) throws {
        try scenario { s in
            let bundle = try s.bundle([program])
            try prepare(bundle)
            try s.refuses(bundle, "/process/args/0", words)
        }
    }

    @Test("BI-01 a program that PATH does not have is refused at create")
    func notInPath() throws {
        try refused("nosuchprogram", ["executable file not found in $PATH"])
    }

    @Test("BI-02 a missing program is refused at create")
    func missing() throws {
        try refused("/bin/nosuchprogram", ["no such file or directory", "No such file or directory"])
    }

    @Test("BI-03 a program without execute permission is refused at create")
    func noPermission() throws {
        try refused("/bin/plain", ["permission denied", "Permission denied"]) {
            try Files.write("#!/bin/sh\n", to: $0.rootfs + "/bin/plain", mode: 0o644)
        }
    }

    @Test("BI-04 a directory as the program is refused at create")
    func directory() throws {
        try refused("/etc", ["permission denied", "Permission denied", "is a directory"])
    }

    @Test("BI-05 a program below a file is refused at create")
    func belowFile() throws {
        try refused("/etc/passwd/x", ["ot a directory"])
    }

    /// Faults that only execve finds: the container ends at start, `run` says why.
    private func failsAtRun(_ words: [String], _ content: String) throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/script"])
            try Files.write(content, to: bundle.rootfs + "/bin/script", mode: 0o755)
            let outcome = try s.run(bundle)
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: words)
            expect(outcome, says: ["/bin/script"])
            if Runtime.kind == .hull { #expect(outcome.stderr.contains(" /process/args/0"), "\(outcome)") }
        }
    }

    @Test("BI-06 a script with a missing interpreter")
    func interpreter() throws {
        try failsAtRun(["no such file or directory", "No such file or directory"], "#!/no/such/interpreter\n")
    }

    @Test("BI-07 a script with CRLF line ends")
    func crlf() throws {
        try failsAtRun(["no such file or directory", "No such file or directory"], "#!/bin/sh\r\necho x\r\n")
    }

    @Test("BI-08 a text without an interpreter line")
    func noInterpreter() throws {
        try failsAtRun(["exec format error", "Exec format error"], "echo x\n")
    }

    @Test("BI-09 a binary of another architecture")
    func otherArchitecture() throws {
        // An ELF header of a machine that no kernel here runs (0x5a5a).
        let header: [UInt8] = [
            0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x5a, 0x5a, 1, 0, 0, 0,
        ]
        let text = String(decoding: header + [UInt8](repeating: 0, count: 100), as: UTF8.self)
        try failsAtRun(["exec format error", "Exec format error"], text)
    }

    @Test("BI-10 an empty file as the program")
    func emptyFile() throws {
        try failsAtRun(["exec format error", "Exec format error"], "")
    }
}
