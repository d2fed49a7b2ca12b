// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

@Suite(.runnable, .conformance)
struct PidfdSocket {
    /// The payload of a message, and the pid of the process that the descriptor beside it names.
    private func message(_ socket: ConsoleSocket) throws -> (text: String, pid: Int?) {
        let (descriptor, text, count) = try socket.message()
        defer { close(descriptor) }
        #expect(count == 1)
        let info = Files.read("/proc/self/fdinfo/\(descriptor)") ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("Pid:") }
        return (text, line.flatMap { Int($0.dropFirst(4).trimmingCharacters(in: .whitespaces)) })
    }

    @Test("PF-01 create and run send the pidfd of the first process")
    func create() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/pidfd")
            let container = try s.create(try s.bundle(script: "sleep 100"), ["--pidfd-socket", socket.path])
            let (text, pid) = try message(socket)
            #expect(text == "standard")
            try #expect(pid == container.pid())
            let bundle = try s.bundle(script: "true")
            #expect(
                try s.runtime("run", "--pidfd-socket", socket.path, "--bundle", bundle.directory, s.id()).ok)
            #expect(try message(socket).text == "standard")
        }
    }

    @Test("PF-02 exec sends the pidfd of its process")
    func exec() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/pidfd")
            let container = try s.start("exec sleep 100")
            let file = s.directory + "/pid"
            let options = ["--pidfd-socket", socket.path, "--pid-file", file, "--detach"]
            let outcome = try container.exec("sleep", "50", options: options)
            #expect(outcome.ok, "\(outcome)")
            let (text, pid) = try message(socket)
            #expect(text == "setns")
            #expect(pid.map { "\($0)" } == Files.read(file))
        }
    }

    @Test("PF-03 the annotation run.oci.pidfd_receiver names a socket for the pidfd")
    func annotation() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/pidfd")
            let bundle = try s.bundle(script: "sleep 100") {
                $0["/annotations"] = ["run.oci.pidfd_receiver": .string(socket.path)]
            }
            let container = try s.create(bundle)
            try #expect(message(socket).pid == container.pid())
        }
    }

    @Test("PF-04 a socket that is not there is refused")
    func missing() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let outcome = try s.runtime(
                "create", "--pidfd-socket", s.directory + "/none", "--bundle", bundle.directory, s.id())
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["o such file"])
        }
    }
}
