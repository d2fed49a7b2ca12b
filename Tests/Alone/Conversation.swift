// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

@testable import HullInit
@testable import HullPlan

/// What the runtime does in a conversation.
private enum Turn {
    case says(RuntimeWord)
    case hears(UInt8)
    case hangsUp
}

/// The conversation between the two processes, one side of it real: a clone that runs the inside list.
enum ConversationTests {
    // Goal: messages come in the one order, each wait ends at the right word, and a wrong word or a runtime that is
    // gone ends the process. Method: a table of plans and conversations. (PROC-03)
    static func order() throws {
        let hooks: UInt8 = 0x48, ready: UInt8 = 0x52
        let whole: [InsideAction] = [.awaitMappings, .runtimeHooks, .findExecutable, .ready]
        let table: [(name: String, steps: [InsideAction], turns: [Turn], end: HullKernel.ExitStatus)] = [
            ("shortest", [.findExecutable, .ready], [.hears(ready), .says(.start)], .exited(0)),
            (
                "all waits", whole,
                [.says(.mappingsWritten), .hears(hooks), .says(.goOn), .hears(ready), .says(.start)], .exited(0)
            ),
            ("no mappings", whole, [.hangsUp], .exited(1)),
            ("wrong word for mappings", whole, [.says(.goOn)], .exited(1)),
            ("gone during hooks", whole, [.says(.mappingsWritten), .hears(hooks), .hangsUp], .exited(1)),
            ("start instead of go on", whole, [.says(.mappingsWritten), .hears(hooks), .says(.start)], .exited(1)),
            ("gone before start", [.findExecutable, .ready], [.hears(ready), .hangsUp], .exited(1)),
            ("goodbye without listener", [.findExecutable, .ready], [.hears(ready), .says(.goodbye)], .exited(1)),
        ]
        for (name, steps, turns, end) in table {
            let child = try Child(steps)
            for turn in turns {
                switch turn {
                case .says(let word): try word.send(to: child.socket.number)
                case .hears(let kind): try expect(child.hear().array.first == kind, "\(name)")
                case .hangsUp: child.hangUp()
                }
            }
            try expect(child.end() == end, "\(name)")
        }
    }

    // Goal: a failing step is reported with its index and error, and is the last. Method: one in the middle of a list.
    // (PROC-04)
    static func failingStep() throws {
        let missing = InsideAction.openLayer(path: "/missing/layer", slot: 3)
        let child = try Child([.findExecutable, missing, .ready])
        let message = try child.hear()
        guard case .failure(1, let error)? = InitMessage(message) else {
            fail("no failure of step 1: \(message.text)")
            return
        }
        expect(error.line == "openat2 /missing/layer: no such file or directory")
        try expect(child.end() == .exited(1))
    }

    // Goal: a failing execve is reported by C after readiness, with the step. Method: a program that is found and is no
    // program. (PROC-05)
    static func failingExecve() throws {
        let scratch = Scratch()
        let path = Bytes(scratch.path + "/text")
        try Files.write("no program", to: scratch.path + "/text", mode: 0o755)
        let child = try Child([.findExecutable, .ready]) { $0.process.arguments = [path] }
        guard case .ready(let hint)? = InitMessage(try child.hear()) else {
            fail("not ready")
            return
        }
        expect(hint == "it is neither an ELF file nor a script that begins with #!")
        try RuntimeWord.start.send(to: child.socket.number)
        let error = LastMile.failure(fromReport: try child.hear(), object: path)
        expect(error?.call == "execve" && error?.errno == Errno(rawValue: ENOEXEC))
        try expect(child.end() == .exited(212))
    }

    // Goal: with a listener the process outlives the runtime and one connection starts it. Method: goodbye, hang up,
    // connect; the connection ends at execve. (PROC-06)
    static func listener() throws {
        let scratch = Scratch()
        let path = Bytes(scratch.path + "/s")
        let listener = try Sockets.listen(at: path)
        let child = try Child([.findExecutable, .ready], listener: listener.number)
        try expect(child.hear().array.first == 0x52)
        try RuntimeWord.goodbye.send(to: child.socket.number)
        child.hangUp()
        try expect(!child.isOver(within: 100))
        let connection = try Sockets.connect(to: path, seqpacket: true)
        try expect(Sockets.receive(from: connection.number).message.isEmpty)
        try expect(child.end() == .exited(0))
    }

    // Goal: the process holds what its steps need and nothing of the runtime's: no lock, no directory of the host, not
    // the other end of its socket. Method: its descriptors, while it waits. (PROC-02)
    static func descriptors() throws {
        let lock = try Descriptor(opening: "/tmp", [.directory])
        try expect(lock.tryLock())
        var held = DescriptorList()
        held.set(2, try Descriptor(opening: "/proc/self/ns/net"))
        let child = try Child([.findExecutable, .ready], held: held)
        try expect(child.hear().array.first == 0x52)
        let links = Files.list("/proc/\(child.pid)/fd").compactMap(Int.init).sorted().filter { $0 > 2 }
            .map { Files.linkTarget("/proc/\(child.pid)/fd/\($0)") }
        expect(links.count == 2)
        expect(links.contains { $0.hasPrefix("net:[") } && links.contains { $0.hasPrefix("socket:[") })
        try lock.unlock()
        let other = try Descriptor(opening: "/tmp", [.directory])
        try expect(other.tryLock())
        child.hangUp()
        try expect(child.end() == .exited(1))
    }

    // Goal: as many descriptors as are to be passed reach the program, and no other. Method: a program that lists its
    // own. (PROC-12)
    static func passedDescriptors() throws {
        for number in Int32(3)...4 where !Descriptor.isOpen(number) { dup2(0, number) }
        for number in Int32(3)...4 { try CurrentProcess.keepAcrossExec(number) }
        let pipe = try HullKernel.Pipe()
        let output = dup(pipe.writing.number)
        let child = try Child([.findExecutable, .ready], standardOutput: output) {
            $0.process.arguments = [
                "/bin/sh", "-c", "for n in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$n && echo $n; done",
            ]
            $0.process.preservedDescriptors = 2
        }
        close(output)
        _ = consume pipe.writing
        try expect(child.hear().array.first == 0x52)
        try RuntimeWord.start.send(to: child.socket.number)
        let printed = Bytes(try pipe.reading.readAll())
        expect(printed == "3\n4\n", printed.text)
        _ = try child.end()
    }
}
