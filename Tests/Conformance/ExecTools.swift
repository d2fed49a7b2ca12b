// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// `hull exec --tools`, which other runtimes do not have.
@Suite(.runnable, .conformance)
struct ExecTools {
    /// A directory of the host with tools that the container does not have.
    private func tools(_ s: Scenario) throws -> String {
        let directory = s.directory + "/tools"
        try Files.makeDirectory(directory + "/bin")
        try Files.copy(try #require(RootFilesystem.busybox), to: directory + "/busybox-tool", mode: 0o755)
        try Files.link("busybox-tool", at: directory + "/md5sum")
        try Files.link("../busybox-tool", at: directory + "/bin/strings")
        return directory
    }

    /// A container without a shell.
    private func container(_ s: Scenario, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> Container {
        let bundle = try s.bundle(["/bin/sleep", "100"], edit)
        let container = try s.create(bundle)
        try #require(container("start").ok)
        Files.remove(bundle.rootfs + "/bin/sh")
        return container
    }

    @Test("ET-01 tools are found at the end of PATH, in a container without a shell", .only(.hull))
    func found() throws {
        try scenario { s in
            let container = try container(s)
            let tools = try tools(s)
            #expect(try container.exec("md5sum", "/etc/group").ending == .exit(255))
            let outcome = try container.exec("md5sum", "/etc/group", options: ["--tools", tools])
            #expect(outcome.ok && outcome.stdout.hasSuffix("  /etc/group\n"), "\(outcome)")
            let other = try container.exec("strings", "/etc/passwd", options: ["--tools", tools])
            #expect(other.ok && other.stdout.contains("sailor"), "\(other)")
            let words = ["--tools", tools, "--env", "HULL_TOOLS=mine", "--env", "PATH=/bin"]
            let environment = try container.exec("env", options: words).lines
            #expect(environment.contains("PATH=/bin:/sys/firmware:/sys/firmware/bin"), "\(environment)")
            #expect(environment.filter { $0.hasPrefix("HULL_TOOLS=") } == ["HULL_TOOLS=/sys/firmware"])
        }
    }

    // Goal: the container itself is as before, while the tool runs and afterwards. Method: its mount table and what a
    // process of its own sees, the namespaces of both, the host's table.
    @Test("ET-02 the container does not see the tools, and nothing is left", .only(.hull))
    func hidden() throws {
        try scenario { s in
            let container = try container(s)
            let tools = try tools(s)
            let before = (try container.mountLines(), HostSnapshot.mounts(s))
            let file = s.directory + "/pid"
            let options = ["--tools", tools, "--detach", "--pid-file", file]
            try #expect(container.exec("busybox-tool", "sleep", "50", options: options).ok)
            let tool = try #require(Files.read(file).flatMap { Int($0) })
            #expect(try container.exec("ls", "/sys/firmware").lines.isEmpty)
            #expect(try container.mountLines() == before.0)
            #expect(HostSnapshot.mounts(s) == before.1)
            for (name, isSame) in [("mnt", false), ("pid", true), ("net", true), ("ipc", true), ("uts", true)] {
                let pair = try [tool, container.pid()].map { Files.linkTarget("/proc/\($0)/ns/\(name)") }
                #expect((pair[0] == pair[1]) == isSame, "\(name)")
            }
            #expect((Files.read("/proc/\(tool)/mountinfo") ?? "").contains(" \(tools) /sys/firmware "))
            kill(pid: tool)
            _ = ending(of: tool)
            #expect(try container.mountLines() == before.0)
        }
    }

    // Goal: the host's directory is safe, also from a program with every capability. Method: writes, remounts and
    // unmounts; the attributes; with a user namespace, whose root has all in it.
    @Test("ET-03 the tools are read-only, without set-user-ID and devices", .only(.hull), arguments: [false, true])
    func readOnly(userNamespace: Bool) throws {
        guard !userNamespace || Machine.Need.userNamespace.isMet else { return }
        try scenario { s in
            let container = try container(s) {
                if userNamespace {
                    $0.userNamespace()
                    $0.capabilities(["CAP_SYS_ADMIN"], sets: ["bounding", "effective", "permitted"])
                }
            }
            let tools = try tools(s)
            chmod(tools, 0o777)
            let before = Files.fingerprint(tools)
            let script = """
                t=$HULL_TOOLS; grep -o " $t ro,nosuid,nodev[^-]*" /proc/self/mountinfo
                touch $t/new || mount -o remount,bind,rw $t || umount $t || mount -t tmpfs x $t || echo refused
                """
            let outcome = try container.exec("busybox-tool", "sh", "-c", script, options: ["--tools", tools])
            #expect(outcome.lines.contains(" /sys/firmware ro,nosuid,nodev,relatime "), "\(outcome)")
            #expect(outcome.lines.last == "refused", "\(outcome)")
            #expect(Files.fingerprint(tools) == before)
        }
    }

    @Test("ET-04 --tools DIR:PLACE", .only(.hull))
    func place() throws {
        try scenario { s in
            let container = try container(s)
            let tools = try tools(s)
            let outcome = try container.exec("/mnt/busybox-tool", "ls", "/mnt", options: ["--tools", tools + ":/mnt/"])
            #expect(outcome.lines == ["bin", "busybox-tool", "md5sum"], "\(outcome)")
        }
    }

    // Goal: no directory is made, and none is followed. Method: bad places and directories, with their words.
    @Test("ET-05 a place or a directory that cannot be is refused", .only(.hull))
    func refused() throws {
        try scenario { s in
            let container = try container(s)
            let tools = try tools(s)
            try Files.link("/mnt", at: container.bundle.rootfs + "/link")
            for (words, error) in [
                (tools + ":/nowhere", "openat2 /nowhere: no such file or directory"),
                (tools + ":/link", "openat2 /link: too many levels of symbolic links"),
                (tools + ":/etc/passwd", "openat2 /etc/passwd: not a directory"),
                (tools + ":/", "--tools: the root cannot be covered"),
                (tools + ":/proc/./tty", "--tools: \"/proc/tty\" cannot be covered"),
                (tools + "/none", "open_tree \(tools)/none: no such file or directory"),
                (tools + "/md5sum", "open_tree \(tools)/md5sum: not a directory"),
                (":/mnt", "names no directory of the host"),
            ] {
                let outcome = try container.exec("md5sum", "/etc/group", options: ["--tools", words])
                #expect(outcome.ending == .exit(255) || outcome.ending == .exit(1), "\(outcome)")
                expect(outcome, says: [error])
            }
            #expect(!Files.exists(container.bundle.rootfs + "/nowhere"))
            let shared = try s.start("exec sleep 100") { $0.removeNamespace("mount") }
            let outcome = try shared.exec("true", options: ["--tools", tools])
            expect(outcome, says: ["--tools needs a container with a mount namespace of its own"])
        }
    }

    // Goal: no directory is needed that images may lack. Method: a container without a sysfs, with links in the places.
    @Test("ET-06 the first place that is a directory is taken", .only(.hull))
    func places() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/sleep", "100"]) {
                $0.removeMount("/sys")
                $0["/linux/maskedPaths"] = nil
            }
            Files.remove(bundle.rootfs + "/mnt")
            try Files.link("/etc", at: bundle.rootfs + "/mnt")
            try Files.makeDirectory(bundle.rootfs + "/srv")
            let container = try s.create(bundle)
            try #require(container("start").ok)
            let options = ["--tools", try tools(s)]
            #expect(try container.exec("md5sum", "/etc/group", options: options).ok)
            #expect(try container.exec("env", options: options).lines.contains("HULL_TOOLS=/srv"))
            Files.remove(bundle.rootfs + "/srv")
            let outcome = try container.exec("true", options: options)
            #expect(outcome.ending == .exit(255), "\(outcome)")
            expect(outcome, says: ["openat2 /opt: no such file or directory (tools are shown in a directory"])
        }
    }

    // Goal: a linked program works with a loader of its own. Method: the host's cat, its loader and its C library.
    @Test("ET-07 linked tools run by a loader beside them", .only(.hull))
    func linked() throws {
        let loader = "/lib64/ld-linux-x86-64.so.2"
        let library = "/lib/x86_64-linux-gnu/libc.so.6"
        guard [loader, library, "/bin/cat"].allSatisfy(Files.exists) else { return }
        try scenario { s in
            let container = try container(s)
            let tools = try tools(s)
            try Files.makeDirectory(tools + "/lib")
            for (from, to) in [(loader, "/lib/ld.so"), (library, "/lib/libc.so.6"), ("/bin/cat", "/bin/hostcat")] {
                let file = URL(fileURLWithPath: from).resolvingSymlinksInPath().path
                try Files.copy(file, to: tools + to, mode: 0o755)
            }
            let alone = try container.exec("hostcat", "/etc/group", options: ["--tools", tools])
            #expect(alone.ending == .exit(255), "\(alone)")
            let place = "/sys/firmware"
            let outcome = try container.exec(
                place + "/lib/ld.so", "--library-path", place + "/lib", place + "/bin/hostcat", "/etc/group",
                options: ["--tools", tools])
            #expect(outcome.ok && outcome.stdout.hasPrefix("root:"), "\(outcome)")
        }
    }
}
