// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

@testable import HullInit
@testable import HullPlan

enum TmpCopyUpTests {
    private static func plan(_ parameters: [(Bytes, Bytes)] = [], _ attributes: MountAttributes = []) -> MountPlan {
        var filesystem = FilesystemPlan(type: "tmpfs", source: "tmpfs")
        filesystem.parameters = parameters.map { .init(key: $0.0, value: $0.1, origin: "") }
        filesystem.attributes = attributes
        filesystem.takesMode = !parameters.contains { $0.0 == "mode" }
        filesystem.copiesUp = true
        return MountPlan(destination: "/run", what: .filesystem(filesystem))
    }

    // Goal: what the directory holds is in the tmpfs, as it was. Method: every kind of file, beside the original.
    // (KERNEL-06)
    static func everyKind() throws {
        var stage = try Stage()
        let at = stage.path + "/run"
        for name in ["", "/d", "/d/e"] { mkdir(at + name, 0o755) }
        try stage.write("text", to: "run/f", mode: 0o4751)
        try stage.write(String(repeating: "x", count: 3_000_000), to: "run/d/e/large")
        try stage.write("", to: "run/d/empty", mode: 0)
        try Files.link("/etc/shadow", at: at + "/link")
        mkfifo(at + "/fifo", 0o640)
        chown(at + "/f", 3, 4)
        chmod(at + "/f", 0o4751)
        lchown(at + "/link", 5, 6)
        chown(at, 7, 8)
        chmod(at, 0o1770)
        let old = timespec(tv_sec: 1_000_000, tv_nsec: 5)
        for name in ["/f", "/d"] { utimensat(AT_FDCWD, at + name, [old, old], 0) }
        let before = Files.fingerprint(at)
        try stage.program.attachMount(TmpCopyUpTests.plan([], [.noSuid, .noDev]))
        expect(Files.fingerprint(at).map(withoutDirectorySizes) == before.map(withoutDirectorySizes))
        expect(Files.read(at + "/f") == "text" && Files.read(at + "/d/e/large")?.utf8.count == 3_000_000)
        expect(Files.linkTarget(at + "/link") == "/etc/shadow")
        let top = try require(try stage.status("run"))
        expect(top.permissions == 0o1770 && top.uid == 7 && top.gid == 8)
        expect(stage.mounts["/run"] == "rw,nosuid,nodev,relatime")
        try stage.write("changed", to: "run/f")
        umount2(at, Int32(MNT_DETACH))
        expect(Files.read(at + "/f") == "text")
    }

    // Goal: a read-only tmpfs has the copy and takes no more; options of the filesystem keep their say. Method: ro,
    // mode, uid. (KERNEL-06)
    static func options() throws {
        var stage = try Stage()
        mkdir(stage.path + "/run", 0o755)
        try stage.write("text", to: "run/f")
        try stage.program.attachMount(TmpCopyUpTests.plan([("mode", "0700"), ("uid", "9")], .readOnly))
        expect(Files.read(stage.path + "/run/f") == "text")
        expect(mkdir(stage.path + "/run/x", 0o755) == -1 && errno == EROFS)
        let top = try require(try stage.status("run"))
        expect(top.permissions == 0o700 && top.uid == 9)
    }

    // Goal: devices and sockets are left out, other mounts are not entered, and nothing is followed. Method: each in
    // the directory; a link to a directory outside. (KERNEL-06 SEC-11)
    static func leftOut() throws {
        var stage = try Stage()
        for name in ["run", "run/mount", "outside"] { mkdir(stage.path + "/" + name, 0o755) }
        try stage.write("secret", to: "outside/file")
        try stage.write("kept", to: "run/file")
        try Files.link("/outside", at: stage.path + "/run/link")
        mknod(stage.path + "/run/device", S_IFCHR | 0o666, 0x103)
        let listener = try Sockets.listen(at: Bytes(stage.path + "/run/socket"))
        let tree = try FilesystemContext("tmpfs").mount([])
        try RootDirectory.makeDirectory("inside", mode: 0o755, in: tree.descriptor.number)
        let place = try Descriptor(opening: Bytes(stage.path + "/run/mount"), [.path])
        try tree.attach(at: place.number)
        try stage.program.attachMount(TmpCopyUpTests.plan())
        expect(Files.list(stage.path + "/run") == ["file", "link"])
        expect(Files.linkTarget(stage.path + "/run/link") == "/outside" && listener.number > 2)
    }

    // Goal: too much and too deep are errors, and no mount is left half filled. Method: a size limit; 200 directories
    // in each other. (KERNEL-06)
    static func limits() throws {
        for (kind, errno) in [("large", .enospc), ("deep", .eloop)] as [(String, Errno)] {
            var stage = try Stage()
            mkdir(stage.path + "/run", 0o755)
            if kind == "large" { try stage.write(String(repeating: "x", count: 300_000), to: "run/large") }
            if kind == "deep" { mkdirDeep(stage.path + "/run", 200) }
            var thrown: SystemError?
            do { try stage.program.attachMount(TmpCopyUpTests.plan([("size", "64k")])) } catch {
                thrown = error
            }
            expect(thrown?.errno == errno && thrown?.detail.hasPrefix("tmpcopyup") == true, "\(kind)")
            expect(stage.mounts["/run"] == nil)
        }
    }
}

/// A directory's size differs from one filesystem to the next.
private func withoutDirectorySizes(_ line: String) -> String {
    let words = line.split(separator: " ")
    return words.count > 3 && words[1].hasPrefix("4") ? (words[..<3] + words[4...]).joined(separator: " ") : line
}

private func mkdirDeep(_ path: String, _ depth: Int) {
    var path = path
    for _ in 0..<depth {
        path += "/d"
        mkdir(path, 0o755)
    }
}
