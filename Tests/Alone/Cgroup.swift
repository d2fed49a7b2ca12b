// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

@testable import HullPlan
@testable import HullRuntime

/// A cgroup of its own, gone with the test.
private final class TestCgroup {
    let path: Bytes
    init(_ name: String) {
        path = Bytes("\(Machine.cgroups ?? "/nowhere")/runtime-\(name)-\(getpid())")
    }
    deinit { try? CgroupDirectory(path: path).remove(waitMilliseconds: 5000) }

    var directory: CgroupDirectory { CgroupDirectory(path: path) }

    /// A process in the cgroup, or in one below it, that does nothing.
    func process(below name: Bytes = "") throws -> TestProcess {
        let place = try Descriptor(opening: path + name, [.path, .directory])
        return try TestProcess(cgroup: place.number) { while true { pause() } }
    }
}

/// A clone that runs a function that does not come back.
private final class TestProcess {
    let pid: Int32
    private let pidfd: Descriptor

    init(cgroup: Int32? = nil, _ body: () throws -> Void) throws {
        guard let cloned = try CurrentProcess.clone(0, cgroup: cgroup) else {
            try? body()
            CurrentProcess.exit(1)
        }
        pid = cloned.pid
        pidfd = try cloned.pidfd.duplicate()
    }

    func kill() throws -> HullKernel.ExitStatus {
        Glibc.kill(pid, SIGKILL)
        return try wait()
    }
    func wait() throws -> HullKernel.ExitStatus { try ProcessHandle(pid: pid, pidfd: pidfd.duplicate()).wait() }
}

enum CgroupTests {
    // Goal: what is missing is named from the top, made, and then missing no more. Method: three levels, made twice.
    // (STORE-09)
    static func make() throws {
        let top = TestCgroup("make")
        let cgroup = CgroupDirectory(path: top.path + "/a/b")
        let expected = [top.path, top.path + "/a", top.path + "/a/b"]
        try expect(cgroup.missing() == expected)
        try cgroup.make(after: Array(expected.dropLast()))
        try expect(cgroup.missing().isEmpty)
        expect(refusal { try cgroup.make(after: Array(expected.dropLast())) }?.errno == .eexist)
        try top.directory.remove(waitMilliseconds: 1000)
        try expect(cgroup.missing() == expected)
        try top.directory.remove(waitMilliseconds: 1000)
    }

    // Goal: a cgroup in use or frozen takes no container. Method: empty, with a process, frozen. (STORE-09)
    static func checkUsable() throws {
        let top = TestCgroup("usable")
        try top.directory.make(after: [])
        try top.directory.checkUsable()
        func why() -> Bytes? {
            do { try top.directory.checkUsable() } catch { return error.words }
            return nil
        }
        let process = try top.process()
        expect(why() == "container's cgroup is not empty")
        _ = try process.kill()
        expect(why() == nil)
        try HostFiles.write(top.path + "/cgroup.freeze", "1")
        expect(why() == "container's cgroup is frozen")
        try HostFiles.write(top.path + "/cgroup.freeze", "0")
    }

    // Goal: all processes, those of cgroups below too, are seen and killed. Method: two levels. (STORE-10)
    static func processesAndKill() throws {
        let top = TestCgroup("kill")
        try CgroupDirectory(path: top.path + "/below").make(after: [top.path])
        let first = try top.process()
        let second = try top.process(below: "/below")
        let pids = Set([first.pid, second.pid])
        try expect(Set(top.directory.processes()) == pids)
        try top.directory.kill()
        try expect(first.wait() == .signaled(SIGKILL))
        try expect(second.wait() == .signaled(SIGKILL))
        try expect(top.directory.processes().isEmpty)
        let missing = refusal { try CgroupDirectory(path: top.path + "/none").processes().count }
        expect(missing?.errno == .enoent)
        try CgroupDirectory(path: top.path + "/none").kill()
    }

    // Goal: what is left is killed and the whole tree goes, frozen or not. Method: processes on two levels, a frozen
    // top. (STORE-10)
    static func remove() throws {
        try removeTree(frozen: false)
        try removeTree(frozen: true)
    }

    private static func removeTree(frozen: Bool) throws {
        let top = TestCgroup("remove")
        try CgroupDirectory(path: top.path + "/x/y").make(after: [top.path, top.path + "/x"])
        _ = try top.process()
        _ = try top.process(below: "/x/y")
        if frozen { try HostFiles.write(top.path + "/cgroup.freeze", "1") }
        try top.directory.remove(waitMilliseconds: 10_000)
        try expect(HostFiles.status(top.path) == nil)
    }

    // Goal: a file that is missing does what the plan says. Method: the three ways.
    static func absence() throws {
        let top = TestCgroup("absence")
        try top.directory.make(after: [])
        func file(_ absence: CgroupFile.Absence) -> CgroupFile {
            CgroupFile(name: "no.such.file", value: "1", origin: "", absence: absence)
        }
        try top.directory.write(file(.skip))
        try top.directory.write(file(.write(name: "cgroup.freeze", value: "1")))
        try expect(Bytes(HostFiles.read(top.path + "/cgroup.freeze")) == "1\n")
        try HostFiles.write(top.path + "/cgroup.freeze", "0")
        let error = refusal { try top.directory.write(file(.fails)) }
        expect(error?.errno == .enoent && error?.object.hasSuffix("/no.such.file") == true)
    }
}
