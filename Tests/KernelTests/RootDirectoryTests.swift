// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support
import Testing

@Suite struct RootDirectoryTests {
    private let scratch = Scratch()
    private let canary = Scratch()

    private func root() throws -> RootDirectory {
        RootDirectory(try Descriptor(opening: Bytes(scratch.path), [.path, .directory]))
    }

    private func isSame(_ place: borrowing Descriptor, _ path: String) throws -> Bool {
        var it = stat()
        return try stat(path, &it) == 0 && place.status().inode == it.st_ino
    }

    // Goal: no link leads out of the root. Method: every form of one, resolved; the file is the root's own and never
    // the host's of the same name. (SEC-01)
    @Test(arguments: [
        ("/etc/passwd", "etc/passwd"), ("../../../../../../etc/passwd", "../etc/passwd"),
        ("/../../etc/passwd", "/../etc/passwd"), ("./etc/../../etc/passwd", "etc/./passwd"),
    ])
    func linksStayInside(_ target: String, _ plain: String) throws {
        mkdir(scratch.path + "/etc", 0o755)
        try Data("inside".utf8).write(to: URL(fileURLWithPath: scratch.path + "/etc/passwd"))
        symlink(target, scratch.path + "/link")
        symlink("link", scratch.path + "/second")
        for path in ["link", "/link", "second", plain] {
            #expect(try Bytes(root().open(Bytes(path), []).readAll()) == "inside", "\(path)")
        }
    }

    // Goal: links that lead nowhere, in a circle, or through what is no link of a person's. Method: the errno of each.
    // (SEC-01)
    @Test func badLinks() throws {
        symlink("/nowhere", scratch.path + "/dangling")
        symlink("b", scratch.path + "/a")
        symlink("a", scratch.path + "/b")
        try Data().write(to: URL(fileURLWithPath: scratch.path + "/file"))
        let expected: [(path: Bytes, errno: Errno)] = [
            ("/dangling", .enoent), ("/a", .eloop), ("/a/x", .eloop), ("/file/x", .enotdir), ("/missing", .enoent),
        ]
        for (path, errno) in expected {
            let error = refusal { try root().place(path) }
            #expect(error?.errno == errno && error?.call == "openat2" && error?.object == path)
        }
        #expect(try root().existingPlace("/dangling") == nil)
        #expect(try root().existingPlace("/file/x") == nil)
        let loop = refusal { try root().existingPlace("/a") == nil }
        #expect(loop?.errno == .eloop)
    }

    // Goal: /proc/self/fd leads nowhere (CVE-2024-21626). Method: the host's /proc as the root, a magic link in it.
    // (SEC-03)
    @Test func magicLinks() throws {
        let proc = RootDirectory(try Descriptor(opening: "/proc", [.path, .directory]))
        for path in ["/self/fd/0", "/self/root", "/self/cwd", "/self/exe"] as [Bytes] {
            let error = refusal { try proc.place(path) }
            #expect(error?.errno == .eloop)
        }
    }

    // Goal: strict means no link at all, at the end or on the way. Method: both. (SEC-04)
    @Test func strict() throws {
        mkdir(scratch.path + "/real", 0o755)
        symlink("real", scratch.path + "/proc")
        for path in ["/proc", "/proc/x"] as [Bytes] {
            let error = refusal { try root().makeDirectories(path, strict: true) }
            #expect(error?.errno == .eloop)
        }
        #expect(try isSame(root().makeDirectories("/real/x", strict: true), scratch.path + "/real/x"))
    }

    // Goal: what is made is made inside, whatever the image's links say (CVE-2024-45310). Method: hostile links on the
    // way and at the end; a canary directory that must stay empty, at the very path that they name. (SEC-02)
    @Test func makeThroughHostileLinks() throws {
        let targets = [canary.path, canary.path + "/sub", "../../.." + canary.path, "/.." + canary.path + "/deep/er"]
        for (index, target) in targets.enumerated() {
            symlink(target, scratch.path + "/on\(index)")
            symlink(target + "/file", scratch.path + "/end\(index)")
            _ = try root().makeDirectories(Bytes("/on\(index)/a/b"))
            _ = try root().makeFile(Bytes("/on\(index)/c/file"))
            _ = try root().makeFile(Bytes("/end\(index)"))
        }
        #expect(canary.contents.isEmpty)
        #expect(scratch.contents.contains { $0.hasSuffix("/a/b") })
    }

    // Goal: an image's link to what it lacks works as if the target were there. Method: /var/run -> /run without /run,
    // and a dangling resolv.conf. (SEC-02)
    @Test func makeTargets() throws {
        mkdir(scratch.path + "/var", 0o755)
        mkdir(scratch.path + "/etc", 0o755)
        symlink("/run", scratch.path + "/var/run")
        symlink("../run/resolve/stub.conf", scratch.path + "/etc/resolv.conf")
        #expect(try isSame(root().makeDirectories("/var/run/secrets"), scratch.path + "/run/secrets"))
        #expect(try isSame(root().makeFile("/etc/resolv.conf"), scratch.path + "/run/resolve/stub.conf"))
        symlink("loop2", scratch.path + "/loop1")
        symlink("loop1", scratch.path + "/loop2")
        let error = refusal { try root().makeDirectories("/loop1/x") }
        #expect(error?.errno == .eloop)
    }

    // Goal: what is there is taken as it is. Method: existing ones, twice; a file where a directory is wanted.
    @Test func existing() throws {
        mkdir(scratch.path + "/d", 0o700)
        try Data("kept".utf8).write(to: URL(fileURLWithPath: scratch.path + "/f"))
        #expect(try isSame(root().makeDirectories("/d"), scratch.path + "/d"))
        #expect(try isSame(root().makeFile("/f"), scratch.path + "/f"))
        #expect(try isSame(root().makeDirectories("/"), scratch.path))
        #expect(Files.read(scratch.path + "/f") == "kept")
        #expect(try HostFiles.status(Bytes(scratch.path + "/d"))?.permissions == 0o700)
        let error = refusal { try root().makeDirectories("/f/x") }
        #expect(error?.errno == .enotdir)
        let file = refusal { try root().makeDirectories("/f") }
        #expect(file?.errno == .enotdir)
    }

    // Goal: a name in an open directory is that name, never what a link makes of it. Method: links in the way. (SEC-02)
    @Test func names() throws {
        let directory = try root().makeDirectories("/dev")
        symlink(canary.path + "/x", scratch.path + "/dev/console")
        let error = refusal { try RootDirectory.makeFile("console", in: directory.number) }
        #expect(error?.errno == .eloop)
        #expect(canary.contents.isEmpty)
        try RootDirectory.makeLink("console", to: "other", in: directory.number)
        #expect(try RootDirectory.linkTarget("console", in: directory.number) == Bytes(canary.path + "/x"))
        #expect(try RootDirectory.status("console", in: directory.number)?.isSymbolicLink == true)
        #expect(try RootDirectory.status("missing", in: directory.number) == nil)
        try RootDirectory.makeNode(
            "fifo", mode: FileKind.fifo.modeBits | 0o600, device: DeviceNumber(major: 0, minor: 0), in: directory.number
        )
        #expect(try RootDirectory.status("fifo", in: directory.number)?.isFifo == true)
        let again = refusal {
            try RootDirectory.makeNode(
                "console", mode: FileKind.fifo.modeBits, device: DeviceNumber(major: 0, minor: 0), in: directory.number)
        }
        #expect(again?.errno == .eexist)
    }

    // Goal: the root that is none yet is an error, not the working directory. Method: every call on it.
    @Test func noRoot() {
        let none = RootDirectory()
        let error = refusal { try none.place("x") }
        #expect(error?.errno == .ebadf)
    }

    // Goal: a link that is exchanged for a directory all the time leads out at no moment (CVE-2021-30465). Method: a
    // thread that exchanges; what is opened is compared with the directory outside. (SEC-01)
    @Test(.timeLimit(.minutes(1))) func swapped() async throws {
        mkdir(scratch.path + "/x", 0o755)
        symlink(canary.path, scratch.path + "/y")
        let (x, y) = (scratch.path + "/x", scratch.path + "/y")
        let swapper = Task.detached {
            while !Task.isCancelled { Files.exchange(x, y) }
        }
        defer { swapper.cancel() }
        let outside = try #require(try HostFiles.status(Bytes(canary.path))).inode
        for turn in 0..<400 {
            guard let made = try? root().makeDirectories(Bytes("/x/made\(turn % 20)")) else { continue }
            #expect(try made.status().inode != outside)
            _ = try? root().makeFile(Bytes("/x/file\(turn % 20)"))
        }
        #expect(canary.contents.isEmpty)
    }
}

@Suite struct CopyingTests {
    // Goal: a name is opened on its own mount and nowhere else. Method: links, `..`, another mount. (SEC-11)
    @Test func strictly() throws {
        let scratch = Scratch()
        mkdir(scratch.path + "/d", 0o755)
        symlink("d", scratch.path + "/link")
        let directory = try Descriptor(opening: Bytes(scratch.path), [.path, .directory])
        _ = try Descriptor(opening: "d", [.directory], strictlyIn: directory.number)
        let link = refusal { try Descriptor(opening: "link", [], strictlyIn: directory.number).number }
        #expect(link?.errno == .eloop)
        let up = refusal { try Descriptor(opening: "..", [.path], strictlyIn: directory.number).number }
        #expect(up?.errno == .exdev)
        let slash = try Descriptor(opening: "/", [.path, .directory])
        let mount = refusal { try Descriptor(opening: "proc", [], strictlyIn: slash.number).number }
        #expect(mount?.errno == .exdev)
    }

    // Goal: content, permissions, set-id bits and time arrive. Method: files of several sizes. (KERNEL-06)
    @Test(arguments: [0, 1, 4096, 5_000_001])
    func file(_ size: Int) throws {
        let scratch = Scratch()
        let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try bytes.write(to: URL(fileURLWithPath: scratch.path + "/from"))
        chmod(scratch.path + "/from", 0o6751)
        let from = try Descriptor(opening: Bytes(scratch.path + "/from"))
        let to = try Descriptor(opening: Bytes(scratch.path + "/to"), [.write, .create, .exclusive], mode: 0o600)
        try to.takeContent(of: from)
        let status = try from.status()
        try RootDirectory.copyMetadata(of: status, to: "", in: to.number)
        #expect(FileManager.default.contents(atPath: scratch.path + "/to") == bytes)
        let copied = try to.status()
        #expect(copied.permissions == 0o6751 && copied.uid == status.uid && copied.gid == status.gid)
        #expect(copied.modified == status.modified)
    }
}
