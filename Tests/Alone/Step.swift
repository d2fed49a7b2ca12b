// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

@testable import HullInit
@testable import HullPlan

/// A root on a tmpfs in a mount namespace of its own, and a program whose root it is: for single steps.
struct Stage: ~Copyable {
    let scratch = Scratch()
    var program: InitProgram
    /// Where the root lies, seen from outside.
    var path: String { scratch.path }

    init() throws {
        try CurrentProcess.unshare(NamespaceKind.mount.cloneFlag)
        try MountNamespace.setPropagation(.private, recursive: true)
        let tree = try FilesystemContext("tmpfs").mount([])
        let place = try Descriptor(opening: Bytes(scratch.path), [.path])
        try tree.attach(at: place.number)
        let root = try Descriptor(opening: Bytes(scratch.path), [.path, .directory])
        let state = HookState(beforeStatus: "", beforePid: "", afterPid: "")
        var made = InitProgram(
            ContainerPlan(id: "test", bundle: "/", rootfs: "/"), held: DescriptorList(), hookState: state,
            socket: -1, listener: nil, consoleSocket: nil)
        made.root = RootDirectory(root)
        program = made
        CurrentProcess.setUmask(0)
    }

    func write(_ text: String, to name: String, mode: mode_t = 0o644) throws {
        try Files.write(text, to: path + "/" + name, mode: mode)
    }
    func status(_ name: String) throws -> FileStatus? { try HostFiles.status(Bytes(path + "/" + name)) }

    /// Makes a device node in the root, whatever the step under test would do.
    func node(_ name: String, _ major: UInt32, _ minor: UInt32) throws {
        mkdir(path + "/dev", 0o755)
        let directory = try Descriptor(opening: Bytes(path + "/dev"), [.path, .directory])
        try RootDirectory.makeNode(
            Bytes(name), mode: FileKind.characterDevice.modeBits | 0o666,
            device: DeviceNumber(major: major, minor: minor),
            in: directory.number)
    }

    /// The mounts below the root, as mount point and options.
    var mounts: [String: String] {
        var found: [String: String] = [:]
        for line in Machine.mountinfoOfThread() {
            guard let info = MountInfo(line: Bytes(line)), info.mountPoint.hasPrefix(Bytes(path + "/")) else {
                continue
            }
            found[String(info.mountPoint.text.dropFirst(path.count))] = info.options.text
        }
        return found
    }
}

enum StepTests {
    // Goal: a masked file is the null device, a masked directory empty and read-only, what is not there needs nothing,
    // and each as often as asked. Method: two of each kind, through a link too. (KERNEL-05)
    static func masks() throws {
        var stage = try Stage()
        try stage.node("null", 1, 3)
        for name in ["file", "second"] { try stage.write("secret", to: name) }
        for name in ["dir", "other"] {
            mkdir(stage.path + "/" + name, 0o755)
            try stage.write("secret", to: name + "/inside")
        }
        try Files.link("/other", at: stage.path + "/link")
        for path in ["/file", "/second", "/dir", "/link", "/missing", "/file/below"] as [Bytes] {
            try stage.program.maskPath(path)
        }
        for name in ["file", "second"] {
            try expect(stage.status(name)?.device == DeviceNumber(major: 1, minor: 3))
            try expect(HostFiles.read(Bytes(stage.path + "/" + name)).isEmpty)
        }
        for name in ["dir", "other"] {
            expect(Files.list(stage.path + "/" + name).isEmpty)
            expect(mkdir(stage.path + "/\(name)/x", 0o755) == -1 && errno == EROFS)
            expect(stage.mounts["/" + name] == "ro,nosuid,nodev,noexec,relatime")
        }
    }

    // Goal: a /dev/null that is something else is never bound over what is to be hidden (CVE-2025-31133). Method: a
    // file, a link, another device, none. (SEC-06)
    static func falseNull() throws {
        for kind in ["file", "link", "zero", "none"] {
            var stage = try Stage()
            mkdir(stage.path + "/dev", 0o755)
            try stage.write("secret", to: "hidden")
            try stage.write("target", to: "target")
            switch kind {
            case "file": try stage.write("x", to: "dev/null")
            case "link": try Files.link("/target", at: stage.path + "/dev/null")
            case "zero": try stage.node("null", 1, 5)
            default: break
            }
            var thrown: SystemError?
            do { try stage.program.maskPath("/hidden") } catch { thrown = error }
            expect(
                thrown?.object == "/dev/null" && thrown?.errno == (kind == "none" ? .enoent : .enodev), "\(kind)")
            expect(stage.mounts["/hidden"] == nil)
        }
    }

    // Goal: a read-only path is so with all that is mounted below, and the rest is not. Method: a mount in the path; a
    // missing path. (SEC-10)
    static func readOnlyPath() throws {
        let stage = try Stage()
        mkdir(stage.path + "/a", 0o755)
        mkdir(stage.path + "/a/b", 0o755)
        let tree = try FilesystemContext("tmpfs").mount([])
        let place = try Descriptor(opening: Bytes(stage.path + "/a/b"), [.path])
        try tree.attach(at: place.number)
        try stage.program.makePathReadOnly("/a")
        try stage.program.makePathReadOnly("/missing")
        for name in ["a/x", "a/b/x"] { expect(mkdir(stage.path + "/" + name, 0o755) == -1 && errno == EROFS) }
        expect(mkdir(stage.path + "/x", 0o755) == 0)
    }

    // Goal: a device is made with its number, mode and owner; one that is there must be the same; nothing else is
    // replaced. Method: a table of what is there before. (SEC-07)
    static func devices() throws {
        var stage = try Stage()
        let null = DeviceNumber(major: 1, minor: 3)
        var plan = DevicePlan(
            path: "/dev/sub/null", kind: .characterDevice, number: null, mode: 0o640, uid: 3, gid: 4)
        try stage.program.makeDevice(plan)
        let made = try require(try stage.status("dev/sub/null"))
        expect(made.device == null && made.permissions == 0o640 && made.uid == 3 && made.gid == 4)
        try stage.program.makeDevice(plan)
        plan.number = DeviceNumber(major: 1, minor: 5)
        var thrown: SystemError?
        do { try stage.program.makeDevice(plan) } catch { thrown = error }
        expect(thrown?.call == "mknodat" && thrown?.object == "/dev/sub/null" && thrown?.errno == .eexist)
        plan.kind = .fifo
        plan.path = "/dev/fifo"
        try stage.program.makeDevice(plan)
        try expect(stage.status("dev/fifo")?.isFifo == true)
        plan.kind = .characterDevice
        for name in ["fifo", "file", "link"] {
            if name == "file" { try stage.write("kept", to: "dev/file") }
            if name == "link" { try Files.link("sub/null", at: stage.path + "/dev/link") }
            plan.path = Bytes("/dev/" + name)
            var refused: SystemError?
            do { try stage.program.makeDevice(plan) } catch { refused = error }
            expect(refused?.errno == .eexist, "\(name)")
        }
        expect(Files.read(stage.path + "/dev/file") == "kept")
    }

    // Goal: a link is made, and what is there stays. Method: new, existing link, existing file. (SEC-07)
    static func links() throws {
        var stage = try Stage()
        try stage.program.makeLink("/dev/fd", "/proc/self/fd")
        expect(Files.linkTarget(stage.path + "/dev/fd") == "/proc/self/fd")
        try stage.program.makeLink("/dev/fd", "/other")
        expect(Files.linkTarget(stage.path + "/dev/fd") == "/proc/self/fd")
        try stage.write("kept", to: "dev/core")
        try stage.program.makeLink("/dev/core", "/proc/kcore")
        expect(Files.read(stage.path + "/dev/core") == "kept")
    }

    // Goal: of two layers with the same file the upper wins, writes go to the throw-away layer, and no mount of it
    // stays, which after pivot_root would leave the old root in reach. Method: layers, all at once and one by one,
    // mounts counted. (KERNEL-04)
    static func overlay() throws {
        for layerByLayer in [false, Machine.Need.kernel(6, 7).isMet] {
            var stage = try Stage()
            for layer in ["upper", "lower", "merged"] { mkdir(stage.path + "/" + layer, 0o755) }
            for layer in ["upper", "lower"] {
                try stage.write(layer, to: layer + "/both")
                try stage.write(layer, to: "\(layer)/\(layer)-only")
            }
            for (slot, layer) in ["upper", "lower"].enumerated() {
                stage.program.held.set(slot, try Descriptor(opening: Bytes(stage.path + "/" + layer), [.path]))
            }
            let before = Machine.mountinfoOfThread().count
            var plan = OverlayPlan()
            plan.lower = [0, 1]
            plan.throwAway = ThrowAwayLayer(size: "1m")
            plan.layerByLayer = layerByLayer
            let tree = try stage.program.makeOverlay(plan)
            expect(Machine.mountinfoOfThread().count == before)
            expect(stage.program.held.open.isEmpty)
            let place = try Descriptor(opening: Bytes(stage.path + "/merged"), [.path])
            try tree.attach(at: place.number)
            expect(Files.list(stage.path + "/merged") == ["both", "lower-only", "upper-only"])
            expect(Files.read(stage.path + "/merged/both") == "upper")
            try stage.write("new", to: "merged/both")
            expect(Files.read(stage.path + "/merged/both") == "new")
            expect(Files.read(stage.path + "/upper/both") == "upper")
        }
    }

    // Goal: a working directory outside of the root is refused (CVE-2024-21626). Method: a descriptor of a directory of
    // the old root, named by its link. (SEC-08)
    static func workingDirectory() throws {
        var stage = try Stage()
        mkdir(stage.path + "/proc", 0o755)
        let place = try Descriptor(opening: Bytes(stage.path + "/proc"), [.path])
        try FilesystemContext("proc").mount([]).attach(at: place.number)
        let outside = try Descriptor(opening: "/usr", [.path, .directory])
        try MountNamespace.changeRoot(to: stage.program.root.number)
        try stage.program.enterWorkingDirectory("/proc")
        var thrown: SystemError?
        do {
            try stage.program.enterWorkingDirectory("/proc/self/fd/\(outside.number)")
        } catch { thrown = error }
        expect(thrown?.call == "getcwd" && thrown?.errno == .enoent)
        expect(thrown?.detail == "the working directory is outside of the container's root")
    }

    // Goal: programs are found as execvp finds them, and what cannot be one is told with its reason. Method: a table.
    static func executable() throws {
        var stage = try Stage()
        mkdir(stage.path + "/bin", 0o755)
        mkdir(stage.path + "/bin/dir", 0o755)
        try stage.write("x", to: "bin/plain", mode: 0o644)
        try stage.write("#!/bin/interpreter -x\n", to: "bin/script", mode: 0o755)
        try stage.write("#!/bin/tool\r\n", to: "bin/crlf", mode: 0o755)
        try stage.write("x", to: "bin/tool", mode: 0o755)
        try MountNamespace.changeRoot(to: stage.program.root.number)
        stage.program.process.environment = ["PATH=/none:/bin"]
        let table: [(name: Bytes, found: Bytes?, errno: Errno?, words: Bytes)] = [
            ("tool", "/bin/tool", nil, ""), ("/bin/tool", "/bin/tool", nil, ""),
            ("missing", nil, .enoent, "executable file not found in $PATH"),
            ("/bin/missing", nil, .enoent, "no such file or directory"),
            ("plain", nil, .eacces, "nobody may execute it"),
            ("/bin/dir", nil, .eacces, "it is a directory"), ("/bin/script", nil, .enoent, "/bin/interpreter"),
            ("/bin/crlf", nil, .enoent, "carriage return"), ("/bin/tool/x", nil, .enotdir, "not a directory"),
        ]
        for (name, found, errno, words) in table {
            stage.program.process.arguments = [name]
            var thrown: SystemError?
            var path: Bytes?
            do { path = try stage.program.findExecutable() } catch { thrown = error }
            expect(path == found && thrown?.errno == errno, "\(name.text)")
            expect(words.isEmpty || thrown?.line.text.contains(words.text) == true, "\(name.text)")
        }
    }
}

enum HookStateTests {
    // Goal: the text is the whole state with status and pid of the moment. Method: its three parts around them.
    static func split() throws {
        let state = HookState(beforeStatus: "{\"status\":\"", beforePid: "\",\"pid\":", afterPid: ",\"bundle\":\"/b\"}")
        expect(state.json(status: "created", pid: 42) == "{\"status\":\"created\",\"pid\":42,\"bundle\":\"/b\"}")
        expect(state.json(status: "stopped", pid: 0) == "{\"status\":\"stopped\",\"pid\":0,\"bundle\":\"/b\"}")
    }
}
