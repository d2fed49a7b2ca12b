// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support
import Testing

@Suite struct FilesTests {
    private let scratch = Scratch()
    private func path(_ name: String) -> Bytes { Bytes(scratch.path + "/" + name) }

    // Goal: a limit is a limit. Method: sizes around it, and sizes around the chunks that are read.
    @Test(arguments: [0, 1, 16383, 16384, 16385, 49152, 100_000, 3_000_000])
    func readAll(_ size: Int) throws {
        let bytes = [UInt8]((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/f"))
        #expect(try HostFiles.read(path("f")) == bytes)
        #expect(try HostFiles.read(path("f"), limit: size) == bytes)
        guard size > 0 else { return }
        let error = refusal { try HostFiles.read(path("f"), limit: size - 1) }
        #expect(error?.call == "read" && error?.object == path("f") && error?.errno == Errno(rawValue: EFBIG))
    }

    // Goal: an error names call, object and reason. Method: one of each kind.
    @Test func errors() throws {
        let missing = refusal { try HostFiles.read(path("none")) }
        #expect(missing?.line == "openat2 \(path("none")): no such file or directory")
        let directory = refusal { try HostFiles.read("/tmp") }
        #expect(directory?.call == "read" && directory?.errno == Errno(rawValue: EISDIR))
        let refused = refusal { try HostFiles.write("/proc/self/oom_score_adj", "x") }
        #expect(refused?.call == "write" && refused?.errno == .einval)
        let full = refusal { try HostFiles.write("/dev/full", "x") }
        #expect(full?.errno == .enospc)
        #expect(try HostFiles.status(path("none")) == nil)
        #expect(try HostFiles.status("/dev/null/x") == nil)
    }

    // Goal: readers see the old file or the new one, whole. Method: a reader beside a hundred replacements. (STORE-04)
    @Test func replaceIsAtomic() async throws {
        let target = path("state")
        let texts = [Bytes([UInt8](repeating: 0x61, count: 30_000)), Bytes([UInt8](repeating: 0x62, count: 10))]
        try HostFiles.replace(target, with: texts[0], mode: 0o600)
        let reader = Task.detached {
            var seen: Set<Bytes> = []
            while !Task.isCancelled { seen.insert(Bytes(try HostFiles.read(target))) }
            return seen
        }
        for turn in 0..<100 { try HostFiles.replace(target, with: texts[turn % 2], mode: 0o600) }
        reader.cancel()
        #expect(try await reader.value.isSubset(of: Set(texts)))
        #expect(scratch.contents == ["state"])
        #expect(try HostFiles.status(target)?.permissions == 0o600)
    }

    // Goal: the temporary sibling is never somebody else's file. Method: a link with its name, to a file that must
    // stay. (STORE-04)
    @Test func replaceFollowsNoLink() throws {
        let canary = Scratch()
        try Data("kept".utf8).write(to: URL(fileURLWithPath: canary.path + "/c"))
        symlink(canary.path + "/c", scratch.path + "/.pid.\(getpid())")
        try HostFiles.replace(path("pid"), with: "12", mode: 0o644)
        #expect(Files.read(canary.path + "/c") == "kept")
        #expect(Files.read(scratch.path + "/pid") == "12")
        #expect(scratch.contents == ["pid"])
    }

    // Goal: a failed replacement leaves nothing. Method: the target is a directory. (STORE-04)
    @Test func replaceCleansUp() throws {
        mkdir(scratch.path + "/d", 0o755)
        let error = refusal { try HostFiles.replace(path("d"), with: "x", mode: 0o600) }
        #expect(error?.call == "rename")
        #expect(scratch.contents == ["d"])
    }

    // Goal: directories on the way are made, those that exist stay. Method: twice, and below a file.
    @Test func makeDirectories() throws {
        try HostFiles.makeDirectories(path("a/b/c"), mode: 0o700)
        try HostFiles.makeDirectories(path("a/b/c"), mode: 0o711)
        #expect(try HostFiles.status(path("a/b/c"))?.permissions == 0o700)
        #expect(try HostFiles.status(path("a/b"))?.permissions == 0o755)
        try Data().write(to: URL(fileURLWithPath: scratch.path + "/f"))
        let error = refusal { try HostFiles.makeDirectories(path("f/x"), mode: 0o700) }
        #expect(error?.errno == .enotdir)
    }

    // Goal: every name of a directory, however many. Method: more than one getdents64(2) holds, odd bytes among them.
    @Test func entries() throws {
        var expected: Set<Bytes> = []
        for index in 0..<1500 {
            let name = Bytes("file-with-a-longer-name-\(index)")
            expected.insert(name)
            _ = try Descriptor(opening: path("") + name, [.write, .create], mode: 0o600)
        }
        let odd = Bytes([0xff, 0x20, 0x0a])
        expected.insert(odd)
        _ = try Descriptor(opening: path("") + odd, [.write, .create], mode: 0o600)
        let names = try Descriptor(opening: Bytes(scratch.path), [.directory]).entries()
        #expect(names.count == expected.count && Set(names) == expected)
    }

    // Goal: one lock, for as long as its open file lives. Method: two opens of one directory. (STORE-07)
    @Test func lock() throws {
        let first = try Descriptor(opening: Bytes(scratch.path), [.directory])
        let second = try Descriptor(opening: Bytes(scratch.path), [.directory])
        #expect(try first.tryLock())
        #expect(try first.tryLock())
        #expect(try !second.tryLock())
        try first.unlock()
        #expect(try second.tryLock())
        #expect(try !first.tryLock())
        _ = consume second
        #expect(try first.tryLock())
    }

    // Goal: what is said of a file is what the kernel says. Method: kinds, sizes, times beside stat(2).
    @Test func status() throws {
        try Data("12345".utf8).write(to: URL(fileURLWithPath: scratch.path + "/f"))
        chmod(scratch.path + "/f", 0o4751)
        mkfifo(scratch.path + "/p", 0o600)
        let file = try #require(try HostFiles.status(path("f")))
        var it = stat()
        stat(scratch.path + "/f", &it)
        #expect(file.isRegular && file.size == 5 && file.permissions == 0o4751 && file.inode == it.st_ino)
        #expect(file.modified.seconds == it.st_mtim.tv_sec && Int(file.modified.nanoseconds) == it.st_mtim.tv_nsec)
        #expect(try HostFiles.status(path("p"))?.isFifo == true)
        #expect(try HostFiles.status("/dev/null")?.device == DeviceNumber(major: 1, minor: 3))
        #expect(try HostFiles.status("/proc/self")?.isDirectory == true)
        let directory = try Descriptor(opening: "/tmp")
        #expect(try FileStatus(ofOpen: directory.number).isDirectory)
    }

    // Goal: nothing is lost where somebody made our output non-blocking. Method: a full pipe with a slow reader.
    // (KERNEL-09)
    @Test func writeToNonBlocking() async throws {
        let pipe = try Pipe()
        _ = fcntl(pipe.writing.number, F_SETFL, O_NONBLOCK)
        let bytes = Bytes([UInt8](repeating: 0x78, count: 300_000))
        let reading = pipe.reading.give()
        let reader = Task.detached {
            try await Task.sleep(for: .milliseconds(30))
            let end = Descriptor(owning: reading)
            return try end.readAll().count
        }
        try pipe.writing.writeAll(bytes)
        _ = consume pipe.writing
        #expect(try await reader.value == bytes.count)
    }
}
