// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// The runtime's own executable, and the programs that it starts.
@Suite(.runnable, .attacks)
struct OwnProgram {
    static let all = [infected, foreignPrograms]

    /// A copy of the victim's program, which the attack may spoil.
    private static func copy(_ arena: Arena) throws -> (String, [String]) {
        let original =
            arena.victim == .weak
            ? Executable(program: try Programs.weak.get(), environment: Runtime.environment) : Executable.underTest
        let path = arena.scenario.directory + "/" + (original.program as NSString).lastPathComponent
        try Files.copy(original.program, to: path, mode: 0o755)
        return (path, original.environment)
    }

    // Goal: the executable cannot be written, by run or exec, while it runs or afterwards. Method: a container that
    // opens every foreign /proc/PID/exe and tries to write, while others enter it, also with that link as program.
    static let infected = Attack("AT-50") { arena in
        let (program, environment) = try copy(arena)
        let before = FileManager.default.contents(atPath: program)
        func change(_ launch: inout Launch) { (launch.program, launch.environment) = (program, environment) }
        let bundle = try arena.bundle("exec /bin/attacker infect 20 /stop > /result") {
            $0["/root/readonly"] = false
            $0.capabilities(["CAP_DAC_OVERRIDE", "CAP_SYS_PTRACE"], sets: ["bounding", "effective", "permitted"])
        }
        try Files.copy(try Programs.attacker.get(), to: bundle.rootfs + "/bin/attacker", mode: 0o755)
        try Files.write("#!/proc/self/exe\n", to: bundle.rootfs + "/bin/script", mode: 0o755)
        let id = arena.scenario.id()
        let words = ["run", "--detach", "--pid-file", bundle.directory + "/pid", "--bundle", bundle.directory, id]
        let started = try arena.call(words, bundle, nil, change)
        arena.expect(started.ok, "\(started)")
        for _ in 0..<10 where Files.read(bundle.rootfs + "/result") != "got written\n" {
            for program in [["/proc/self/exe", "--version"], ["/bin/script", "--version"], ["/bin/true"]] {
                try arena.call(["exec", id] + program, bundle, nil, change)
            }
        }
        try Files.write("", to: bundle.rootfs + "/stop")
        eventually(within: 8) { Files.read(bundle.rootfs + "/result")?.isEmpty == false }
        let result = Files.read(bundle.rootfs + "/result") ?? ""
        arena.expect(result.hasPrefix("met"), "the attacker says \(result)")
        let after = FileManager.default.contents(atPath: program)
        arena.expect(before == after, "the executable was written")
    }

    @Test("AT-50 the runtime's executable is written from inside")
    func CVE_2019_5736() throws { try Self.infected.isRepelled() }

    // Goal: the runtime starts no program of the container's, nor by PATH, but the one that is asked for. Method: every
    // execve of it and its processes, with a PATH that begins inside.
    static let foreignPrograms = Attack("AT-51") { arena in
        let bundle = try arena.bundle("true") {
            $0["/process/args"] = ["sh", "-c", "true"]
            $0["/process/env"] = ["PATH=/evil:/bin"]
        }
        try Files.makeDirectory(bundle.rootfs + "/evil")
        try arena.run(bundle, Step(calls: ["execve", "execveat"], at: 0, insideOnly: false)) {
            $0.environment = $0.environment.map { $0.hasPrefix("PATH=") ? "PATH=\(bundle.rootfs)/evil" : $0 }
        }
        let inside = arena.log.calls.filter(\.isInside).map { $0.paths.first ?? "" }
        // A program that is tried and is not there is a search of execve itself: it happens with all rights gone.
        arena.expect(inside == ["/bin/sh"], "started inside: \(inside)")
        let outside = arena.log.calls.filter { !$0.isInside }.map { $0.paths.first ?? "" }
        let own = outside.dropFirst().filter { !$0.isEmpty && !$0.hasPrefix("/proc/self/") }
        arena.expect(own.isEmpty || Executable.underTest.program != Runtime.program, "started outside: \(own)")
    }

    @Test("AT-51 programs that the runtime starts on its way")
    func CVE_2026_84042() throws { try Self.foreignPrograms.isRepelled() }

    // Goal: as above. Method: as above.
    @Test("each attack on programs bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
