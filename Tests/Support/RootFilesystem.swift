// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A root filesystem of a static busybox and the probe, a few directories and links: made once, then linked per bundle.
public enum RootFilesystem {
    static let applets = [
        "sh", "cat", "ls", "id", "hostname", "dnsdomainname", "readlink", "stat", "mount", "umount", "touch", "mkdir",
        "rm",
        "sleep", "true", "false", "echo", "test", "env", "pwd", "ps", "kill", "head", "grep", "tty", "stty", "ip",
        "ipcs",
        "mknod", "chmod", "chown", "dd", "wc", "sort", "cut", "nproc", "uname", "find", "tr", "sed", "awk", "printf",
        "umask",
        "date", "nice", "renice", "swapon", "chroot", "od", "mv", "ln", "df", "sync", "setsid", "seq", "su",
    ]

    /// The static busybox of the host.
    public static let busybox: String? = Files.program("busybox")

    /// The static probe: the one that HULL_PROBE names (a compiler is slow in an emulated machine), else built once per
    /// run.
    public static let probe: Result<String, Problem> = {
        let program = Machine.base + "/probe"
        do {
            if let built = ProcessInfo.processInfo.environment["HULL_PROBE"] {
                try FileManager.default.copyItem(atPath: built, toPath: program)
                return .success(program)
            }
            var launch = Launch(repository + "/scripts/probe", [program], in: "/")
            launch.environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]
            let outcome = try launch.start(outputs: Machine.base + "/build").outcome(within: 120)
            return outcome.ok ? .success(program) : .failure(Problem("building the probe: \(outcome)"))
        } catch {
            return .failure(Problem("building the probe: \(error)"))
        }
    }()

    /// The directory of this package.
    public static var repository: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }
    /// Makes the tree at `path`. The programs are hard links to copies in the base directory.
    public static func make(at path: String) throws {
        for name in ["bin", "dev", "etc", "proc", "sys", "tmp", "run", "var", "root", "home", "mnt"] {
            try Files.makeDirectory(path + "/" + name)
        }
        try Files.check(chmod(path + "/tmp", 0o1777), "chmod", path + "/tmp")
        try hardLink(try shelf.get() + "/busybox", path + "/bin/busybox")
        for applet in applets { try Files.link("busybox", at: path + "/bin/" + applet) }
        try hardLink(try probe.get(), path + "/bin/probe")
        try Files.write(
            "root:x:0:0:root:/root:/bin/sh\nsailor:x:1000:1000::/home/sailor:/bin/sh\n", to: path + "/etc/passwd")
        try Files.write("root:x:0:\nsailor:x:1000:\ncrew:x:2000:sailor\n", to: path + "/etc/group")
    }

    private static let shelf: Result<String, Problem> = {
        guard let busybox else { return .failure(Problem("no busybox: install busybox-static")) }
        do {
            try FileManager.default.copyItem(atPath: busybox, toPath: Machine.base + "/busybox")
            return .success(Machine.base)
        } catch {
            return .failure(Problem("copying busybox: \(error)"))
        }
    }()

    private static func hardLink(_ from: String, _ to: String) throws {
        try Files.check(link(from, to), "link", to)
    }
}
