// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// What a container shares with its caller by accident: a terminal, keys, a message channel.
@Suite(.runnable, .attacks)
struct Surroundings {
    static let all = [typed, keys]

    // Goal: nothing inside types for the caller. Method: TIOCSTI on a terminal that is passed through and controls the
    // caller's session.
    static let typed = Attack("AT-80") { arena in
        let bundle = try arena.bundle("exec /bin/attacker type")
        try Files.copy(try Programs.attacker.get(), to: bundle.rootfs + "/bin/attacker", mode: 0o755)
        let (master, slave) = try Terminal.pair()
        defer { close(slave) }
        try arena.run(bundle) {
            $0.arguments = ["--ctty", "--wait", $0.program] + $0.arguments
            $0.program = "/usr/bin/setsid"
            $0.terminal = slave
        }
        _ = master.hears("typed", within: 1)
        arena.expect(!master.text.contains("got typed"), "the container has typed: \(master.text)")
        arena.expect(master.text.contains("refused") || master.text.contains("got"), "no answer: \(master.text)")
    }

    @Test("AT-80 the caller's terminal is typed into")
    func TIOCSTI() throws { try Self.typed.isRepelled() }

    // Goal: the session keyring is the container's own. Method: its number outside, in run and in exec.
    static let keys = Attack("AT-81") { arena in
        let attacker = try Programs.attacker.get()
        let bundle = try arena.bundle("/bin/attacker keys > /result; exec sleep 60") { $0["/root/readonly"] = false }
        try Files.copy(attacker, to: bundle.rootfs + "/bin/attacker", mode: 0o755)
        let output = arena.scenario.directory + "/keys"
        let outside = try Launch(attacker, ["keys"], in: "/").start(outputs: output).outcome().stdout
        let id = arena.scenario.id()
        _ = try arena.start(bundle, id: id)
        eventually { Files.read(bundle.rootfs + "/result")?.isEmpty == false }
        let run = Files.read(bundle.rootfs + "/result") ?? ""
        let exec = try arena.call(["exec", id, "/bin/attacker", "keys"], bundle).stdout
        arena.expect(Int(run.dropLast()) != nil && Int(exec.dropLast()) != nil, "no answer: \(run) \(exec)")
        arena.expect(run != outside && exec != outside, "outside \(outside), run \(run), exec \(exec)")
    }

    @Test("AT-81 the session keyring of the caller")
    func keyring() throws { try Self.keys.isRepelled() }

    // Goal: as above. Method: as above.
    @Test("each attack on the surroundings bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }

    // Goal: no length wraps around. Method: texts of the config around 65,536 bytes that hold what would be read as
    // other attributes; the container is refused, or has all its namespaces.
    @Test("AT-82 texts longer than a message's length can say")
    func CVE_2021_43784() throws {
        try Attack("AT-82") { arena in
            let kinds = ["pid", "net", "ipc", "uts", "mnt", "cgroup"]
            for length in [65_530, 65_535, 65_536, 65_548, 70_000, 131_072] {
                let text = String(repeating: "a", count: length)
                for pointer in ["/mounts/0/source", "/process/env/1", "/annotations/key", "/hostname"] {
                    let bundle = try arena.bundle(kinds.map { "readlink /proc/self/ns/\($0)" }.joined(separator: "; "))
                    try bundle.edit { $0[pointer] = .string(pointer.contains("env") ? "A=" + text : text) }
                    let outcome = try arena.run(bundle)
                    guard outcome.ok else { continue }
                    let shared = kinds.map { Machine.namespace($0) }.filter { outcome.stdout.contains($0) }
                    arena.expect(shared.isEmpty && outcome.lines.count == 6, "\(pointer) \(length): \(shared)")
                }
            }
        }.isRepelled()
    }

    // Goal: the test above is about something. Method: a message with lengths of 16 bits, written and read.
    @Test("AT-82 wraps around in a naive message", .onlyHull)
    func naiveMessage() {
        func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
            let length = UInt16(truncatingIfNeeded: value.count + 4)
            return [UInt8(length & 255), UInt8(length >> 8), UInt8(type & 255), UInt8(type >> 8)] + value
        }
        func read(_ bytes: [UInt8]) -> [UInt16: [UInt8]] {
            var (values, at) = ([UInt16: [UInt8]](), 0)
            while at + 4 <= bytes.count {
                let length = Int(bytes[at]) | Int(bytes[at + 1]) << 8
                guard length >= 4, at + length <= bytes.count else { break }
                values[UInt16(bytes[at + 2]) | UInt16(bytes[at + 3]) << 8] = Array(bytes[at + 4..<at + length])
                at += length
            }
            return values
        }
        let text = attribute(1, [0]) + [UInt8](repeating: 97, count: 65_536 - 5)
        #expect(read(attribute(1, [0x7f]) + attribute(2, Array(text.prefix(100))))[1] == [0x7f])
        #expect(read(attribute(1, [0x7f]) + attribute(2, text))[1] == [0], "the flags are not those of the text")
    }
}
