// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

/// Whether execve(2) closes the descriptor.
private func isCloseOnExec(_ number: Int32) -> Bool { fcntl(number, F_GETFD) == FD_CLOEXEC }

enum DescriptorTests {
    // Goal: a descriptor lives exactly as long as its owner. Method: the number asked of the kernel, alone in a
    // process. (SEC-09)
    static func closedAtTheEndOfItsScope() throws {
        var number: Int32 = -1
        do {
            let file = try Descriptor(opening: "/dev/null")
            number = file.number
            expect(Descriptor.isOpen(number))
        }
        expect(!Descriptor.isOpen(number))
    }

    // Goal: the owner outlives the call that got its number. Method: a call with the number as the owner's last use.
    static func openDuringTheLastCall() throws {
        let file = try Descriptor(opening: "/dev/null")
        expect(Descriptor.isOpen(file.number))
        let pair = try Sockets.pair()
        try Sockets.send("x", to: pair.first.number)
        try expect(Sockets.receive(from: pair.second.number).message == "x")
    }

    // Goal: what is given away stays open. Method: give, then ask the kernel.
    static func givenAwayStaysOpen() throws {
        let number = try Descriptor(opening: "/dev/null").give()
        expect(Descriptor.isOpen(number))
        close(number)
    }

    // Goal: a duplicate is another number of the same file, not below 3, closed on its own. Method: one end of a pipe.
    static func duplicate() throws {
        let pipe = try HullKernel.Pipe()
        let second = try pipe.writing.duplicate()
        expect(second.number > 2 && second.number != pipe.writing.number)
        expect(isCloseOnExec(second.number))
        try second.writeAll("a")
        try expect(pipe.reading.readSome(8) == [0x61])
    }

    // Goal: no way of making a descriptor forgets close-on-exec. Method: each of them. (PROC-12)
    static func everyDescriptorIsCloseOnExec() throws {
        let scratch = Scratch()
        let path = Bytes(scratch.path)
        let file = try Descriptor(opening: path + "/f", [.write, .create], mode: 0o600)
        let memory = try Descriptor(holding: "text", name: "memory")
        let pipe = try HullKernel.Pipe()
        let pair = try Sockets.pair()
        let listener = try Sockets.listen(at: path + "/s")
        let client = try Sockets.connect(to: path + "/s", seqpacket: true)
        let server = try Sockets.accept(listener.number)
        try Sockets.send("x", descriptors: [file.number], to: pair.first.number)
        let received = try Sockets.receive(from: pair.second.number).takeDescriptor()?.give() ?? -1
        defer { close(received) }
        let process = try ProcessHandle(opening: getpid())
        let root = RootDirectory(try Descriptor(opening: path, [.path, .directory]))
        let made = try root.makeDirectories("/a/b")
        let place = try root.makeFile("/a/c")
        let numbers = [
            file.number, memory.number, pipe.reading.number, pipe.writing.number, pair.first.number, pair.second.number,
            listener.number, client.number, server.number, received, process.pidfd.number, root.number, made.number,
            place.number,
        ]
        for (index, number) in numbers.enumerated() { expect(isCloseOnExec(number), "the one of index \(index)") }
        expect(Set(numbers).count == numbers.count)
    }

    // Goal: the same for mounts. Method: a detached tmpfs and a copy of a tree. (SEC-09)
    static func mountsAreCloseOnExec() throws {
        let context = try FilesystemContext("tmpfs")
        let mount = try context.mount([])
        let copy = try MountTree(copying: "/tmp", recursive: false)
        expect(isCloseOnExec(mount.descriptor.number))
        expect(isCloseOnExec(copy.descriptor.number))
    }

    // Goal: no call leaves a descriptor, least of all a failing one. Method: the set of open ones before and after;
    // first with a call that does leave one, so that the check is seen to bite. (KERNEL-08 SEC-09)
    static func nothingLeaks() throws {
        func leaked(_ body: () throws -> Void) -> Int {
            let before = openDescriptors()
            try? body()
            return openDescriptors().subtracting(before).count
        }
        expect(leaked { _ = try Descriptor(opening: "/dev/null").give() } == 1)
        let long = Bytes([UInt8](repeating: 0x61, count: 200))
        let bodies: [(name: String, body: () throws -> Void)] = [
            ("open", { _ = try Descriptor(opening: "/dev/null") }),
            ("open missing", { _ = try Descriptor(opening: "/missing") }),
            ("read", { _ = try HostFiles.read("/proc/self/stat") }),
            ("read too much", { _ = try HostFiles.read("/proc/self/maps", limit: 1) }),
            ("write refused", { try HostFiles.write("/proc/self/oom_score_adj", "x") }),
            ("pipe", { _ = try HullKernel.Pipe() }),
            ("pair", { _ = try Sockets.pair() }),
            ("bind too long", { _ = try Sockets.listen(at: "/tmp/" + long) }),
            ("connect missing", { _ = try Sockets.connect(to: "/missing", seqpacket: true) }),
            ("clone refused", { _ = try CurrentProcess.clone(1 << 62, cgroup: nil) }),
            ("no process", { _ = try ProcessHandle(opening: Int32.max) }),
            ("no filesystem", { _ = try FilesystemContext("nofs") }),
            ("replace refused", { try HostFiles.replace("/proc/x", with: "", mode: 0o600) }),
            ("memory", { _ = try Descriptor(holding: "a", name: "b") }),
            (
                "program",
                {
                    let program = Subprocess(
                        path: "/bin/true", arguments: ["true"], environment: [], input: "in",
                        timeoutMilliseconds: nil)
                    _ = try program.run()
                }
            ),
            ("program's output", { _ = try Subprocess.output(of: ["true"]) }),
            ("no program", { _ = try Subprocess.output(of: ["missing-program"]) }),
            (
                "two descriptors in one message",
                {
                    let pair = try Sockets.pair()
                    try Sockets.send("x", descriptors: [0, 1], to: pair.first.number)
                    _ = try Sockets.receive(from: pair.second.number).takeDescriptor()
                }
            ),
            (
                "message not taken",
                {
                    let pair = try Sockets.pair()
                    try Sockets.send("x", descriptors: [0], to: pair.first.number)
                    _ = try Sockets.receive(from: pair.second.number).message
                }
            ),
        ]
        for (name, body) in bodies { expect(leaked(body) == 0, "\(name)") }
    }

    // Goal: a list owns by index, replaces and gives away. Method: numbers asked of the kernel.
    static func list() throws {
        var numbers: [Int32] = []
        do {
            var list = DescriptorList()
            expect(list[0] == nil && list.take(3) == nil)
            list.set(2, try Descriptor(opening: "/dev/null"))
            list.set(0, try Descriptor(opening: "/dev/zero"))
            expect(list[1] == nil && list[5] == nil)
            let first = try require(list[2])
            list.set(2, try Descriptor(opening: "/dev/full"))
            expect(list[2] != nil && (list[2] == first || !Descriptor.isOpen(first)))
            expect(Set(list.open) == Set([list[0], list[2]].compactMap { $0 }))
            numbers = list.open
            let given = list.take(0)?.give() ?? -1
            expect(list[0] == nil && Descriptor.isOpen(given))
            close(given)
        }
        expect(numbers.allSatisfy { !Descriptor.isOpen($0) })
    }

    // Goal: a cloned process keeps what it needs and nothing else. Method: all that is open after it, in any order and
    // said twice. (PROC-02)
    static func closeAllBut() throws {
        let numbers = (0..<6).map { _ in dup(0) }
        let kept = [numbers[4], numbers[1], numbers[1], -1, 0]
        try closeDescriptors(except: kept)
        let open = Set((Int32(3)..<256).filter(Descriptor.isOpen))
        expect(open == [numbers[1], numbers[4]])
        expect((Int32(0)...2).allSatisfy(Descriptor.isOpen))
    }

    // Goal: what a caller left open does not pass execve. Method: a plain dup, marked.
    static func markCloseOnExec() throws {
        let number = dup(0)
        defer { close(number) }
        expect(!isCloseOnExec(number))
        try closeOnExec(from: number)
        expect(isCloseOnExec(number))
    }
}

enum CStringTests {
    // Goal: argv and envp hold every byte, empty strings too, and end with NULL. Method: a program prints what it got.
    static func arguments() throws {
        let lists: [[Bytes]] = [
            [""], ["a", "", "b c"], [Bytes([0xff, 1, 0x0a])], (0..<500).map { "argument\($0)" as Bytes },
        ]
        for words in lists {
            let printed = try Subprocess.output(of: ["printf", "%s\\0"] + words)
            expect(printed.split(0, omittingEmpty: false) == words + [""])
        }
    }

    // Goal: a NUL inside would name another file: it never reaches the kernel. Method: the process ends instead.
    static func noNulInside() throws {
        guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else {
            _ = try? Descriptor(opening: Bytes([0x2f, 0, 0x61]))
            CurrentProcess.exit(0)
        }
        let status = try cloned.wait()
        guard case .signaled = status else {
            fail("it went on: \(status)")
            return
        }
    }
}
