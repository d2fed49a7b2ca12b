// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

enum MountTests {
    // Goal: a refusal says what the kernel says. Method: an option that a tmpfs has not, a bad value, no such
    // filesystem. (KERNEL-01)
    static func kernelsWords() throws {
        let context = try FilesystemContext("tmpfs")
        let unknown = refusal { try context.set("sise", "1") }
        expect(unknown?.line == "fsconfig sise=1: invalid argument (tmpfs: Unknown parameter 'sise')")
        let bad = refusal { try context.set("size", "x") }
        expect(bad?.call == "fsconfig" && bad?.object == "size=x" && bad?.detail.hasPrefix("tmpfs: Bad value") == true)
        let flag = refusal { try context.set("nothing", nil) }
        expect(flag?.object == "nothing" && flag?.errno == .einval)
        let type = refusal { try FilesystemContext("nofs").set("a", nil) }
        expect(type?.call == "fsopen" && type?.object == "nofs" && type?.errno == .enodev)
    }

    // Goal: the same at the making of the superblock. Method: an overlay without layers. (KERNEL-01)
    static func refusedAtCreation() throws {
        let error = refusal { try FilesystemContext("overlay").mount([]).descriptor.number }
        expect(error?.call == "fsconfig" && error?.object == "overlay" && error?.errno == .einval)
    }

    // Goal: attributes are on before the mount can be reached, and can be changed later. Method: mountinfo. (KERNEL-02)
    static func attributes() throws {
        try CurrentProcess.unshare(NamespaceKind.mount.cloneFlag)
        try MountNamespace.setPropagation(.private, recursive: true)
        let scratch = Scratch()
        func options() -> Bytes? {
            let line = Machine.mountinfoOfThread().last { $0.contains(" \(scratch.path) ") }
            return line.flatMap { MountInfo(line: Bytes($0))?.options }
        }
        let tree = try FilesystemContext("tmpfs").mount([.readOnly, .noSuid, .noDev, .noExec])
        try attach(tree, at: Bytes(scratch.path))
        expect(options() == "ro,nosuid,nodev,noexec,relatime")
        try tree.setAttributes(clear: [.readOnly, .noExec])
        expect(options() == "rw,nosuid,nodev,relatime")
        try MountTree.setAttributes(of: tree.descriptor.number, set: .readOnly)
        expect(options() == "ro,nosuid,nodev,relatime")
        try tree.detach()
        expect(options() == nil)
    }

    // Goal: a mount taken away leaves the working directory where it was. Method: detach from within another directory.
    // (KERNEL-03)
    static func detach() throws {
        try CurrentProcess.unshare(NamespaceKind.mount.cloneFlag)
        try MountNamespace.setPropagation(.private, recursive: true)
        try HostFiles.changeDirectory("/usr")
        let before = Machine.mountinfoOfThread().count
        let tree = try FilesystemContext("tmpfs").mount([])
        try tree.attachOverRoot()
        expect(Machine.mountinfoOfThread().count == before + 1)
        try tree.detach()
        expect(Machine.mountinfoOfThread().count == before)
        try expect(HostFiles.workingDirectory() == "/usr")
    }

    // Goal: after pivot_root nothing of the old root can be reached, and what was mounted there on the host still is.
    // Method: a namespace whose mounts are shared with another one; paths, `..`, mountinfo of both. (KERNEL-03)
    static func pivotRoot() throws {
        try CurrentProcess.unshare(NamespaceKind.mount.cloneFlag)
        try MountNamespace.setPropagation(.private, recursive: true)
        // The host's side: two mounts, one on the other, all shared.
        let scratch = Scratch()
        let outer = try FilesystemContext("tmpfs").mount([])
        try attach(outer, at: Bytes(scratch.path))
        try RootDirectory.makeDirectory("in", mode: 0o755, in: outer.descriptor.number)
        let inner = try FilesystemContext("tmpfs").mount([])
        try attach(inner, at: Bytes(scratch.path + "/in"))
        try MountNamespace.setPropagation(.shared, recursive: true)
        let mounts = Machine.mountinfoOfThread().count
        guard let cloned = try CurrentProcess.clone(NamespaceKind.mount.cloneFlag, cgroup: nil) else {
            var code: Int32 = 0
            try MountNamespace.setPropagation(.private, recursive: false)
            let tree = try FilesystemContext("tmpfs").mount([])
            try tree.attachOverRoot()
            try RootDirectory.makeDirectory("proc", mode: 0o755, in: tree.descriptor.number)
            try MountNamespace.pivotRoot(to: tree.descriptor.number)
            if try Descriptor(opening: "/..", [.directory]).entries() != ["proc"] { code |= 1 }
            if try Descriptor(opening: "/", [.directory]).entries() != ["proc"] { code |= 2 }
            if try HostFiles.workingDirectory() != "/" { code |= 4 }
            let root = RootDirectory(try tree.descriptor.duplicate())
            try mountProc(in: root)
            if Machine.mountinfoOfThread().count != 2 { code |= 8 }
            CurrentProcess.exit(code)
        }
        try expect(cloned.wait() == .exited(0))
        expect(Machine.mountinfoOfThread().count == mounts)
        umount2(scratch.path + "/in", Int32(MNT_DETACH))
        umount2(scratch.path, Int32(MNT_DETACH))
    }

    // Goal: a tree is copied alone or with what is mounted below. Method: what can be seen through it. (KERNEL-02)
    static func copies() throws {
        try CurrentProcess.unshare(NamespaceKind.mount.cloneFlag)
        try MountNamespace.setPropagation(.private, recursive: true)
        let scratch = Scratch()
        mkdir(scratch.path + "/below", 0o755)
        let below = try FilesystemContext("tmpfs").mount([])
        try RootDirectory.makeDirectory("seen", mode: 0o755, in: below.descriptor.number)
        try attach(below, at: Bytes(scratch.path + "/below"))
        func entries(_ tree: borrowing MountTree) throws -> [Bytes] {
            let place = RootDirectory(try tree.descriptor.duplicate())
            return try place.open("/below", [.directory]).entries()
        }
        try expect(entries(MountTree(copying: Bytes(scratch.path), recursive: true)) == ["seen"])
        try expect(entries(MountTree(copying: Bytes(scratch.path), recursive: false)) == [])
        let place = try Descriptor(opening: Bytes(scratch.path), [.path])
        try expect(entries(MountTree(copyingAt: place.number, recursive: true)) == ["seen"])
        let missing = refusal {
            try MountTree(copying: "/missing", recursive: false).descriptor.number
        }
        expect(missing?.line == "open_tree /missing: no such file or directory")
    }
}
