// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Bundles broken in the ways that people break them, and what each is told: the whole line, so that nothing misleads.
@Suite(.runnable, .conformance)
struct BrokenBundles {
    /// A way to break a bundle, what `run` says after its subject, and what `check --host` finds beforehand.
    struct Broken: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let says: String
        var finds: String?
        let breaks: @Sendable (TestBundle) throws -> Void

        init(
            _ name: String, says: String, finds: String? = nil,
            _ breaks: @escaping @Sendable (TestBundle) throws -> Void
        ) {
            (testDescription, self.says, self.finds, self.breaks) = (name, says, finds, breaks)
        }
    }

    private static func program(
        _ name: String, _ content: String, says: String, finds: String, mode: mode_t = 0o755
    ) -> Broken {
        Broken(name, says: says, finds: "/process/args/0: /bin/x: " + finds) { bundle in
            try Files.write(content, to: bundle.rootfs + "/bin/x", mode: mode)
            bundle.config["/process/args"] = ["/bin/x"]
        }
    }

    private static func config(_ name: String, _ pointer: String, _ value: JSON, says: String) -> Broken {
        Broken(name, says: says, finds: says) { $0.config[pointer] = value }
    }

    private static func mount(
        _ name: String, _ type: String, _ source: String, _ options: [String], says: String, finds: String? = nil
    ) -> Broken {
        Broken(name, says: says, finds: finds) { $0.config.mount("/mnt", type: type, from: source, options) }
    }

    static let programs: [Broken] = [
        Broken(
            "missing program",
            says: "exec: \"/bin/nosuch\": stat /bin/nosuch: no such file or directory at /process/args/0",
            finds: "/process/args/0: \"/bin/nosuch\": no such file or directory in "
        ) { $0.config["/process/args"] = ["/bin/nosuch"] },
        Broken(
            "program that PATH does not have",
            says: "exec: \"nosuch\": executable file not found in $PATH (PATH is /",
            finds: "/process/args/0: \"nosuch\": executable file not found in $PATH (PATH is /"
        ) { $0.config["/process/args"] = ["nosuch"] },
        program(
            "missing interpreter", "#!/bin/nosuch -x\n",
            says: "exec: \"/bin/x\": execve /bin/x: no such file or directory (its interpreter \"/bin/nosuch\" does "
                + "not exist in the container) at /process/args/0",
            finds: "no such file or directory (its interpreter \"/bin/nosuch\" does not exist in the container)"),
        program(
            "carriage return", "#!/bin/sh\r\ntrue\r\n",
            says: "exec: \"/bin/x\": execve /bin/x: no such file or directory (its first line ends in a carriage "
                + "return, so the interpreter is \"/bin/sh\\r\": save the script with Unix line ends) "
                + "at /process/args/0",
            finds: "no such file or directory (its first line ends in a carriage return"
        ),
        program(
            "program of another architecture",
            String(
                decoding: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + [2, 0, 22, 0]
                    + [UInt8](repeating: 0, count: 99), as: UTF8.self),
            says: "execve /bin/x: exec format error at /process/args/0 (it is built for s390x, this machine is ",
            finds: "exec format error (it is built for s390x, this machine is "),
        program(
            "empty program", "", says: "execve /bin/x: exec format error at /process/args/0 (it is empty)",
            finds: "exec format error (it is empty)"),
        program(
            "text that is no script", "true\n",
            says: "execve /bin/x: exec format error at /process/args/0 (it is neither an ELF file nor a script that",
            finds: "exec format error (it is neither an ELF file nor a script that begins with #!)"),
        Broken(
            "relative program",
            says: "exec: \"./x\": stat ./x: no such file or directory (the working directory is /bin) at "
                + "/process/args/0", finds: "/process/args/0: \"./x\": no such file or directory in "
        ) { bundle in
            bundle.config["/process/args"] = ["./x"]
            bundle.config["/process/cwd"] = "/bin"
        },
        program(
            "program without execute permission", "#!/bin/sh\n",
            says: "exec: \"/bin/x\": stat /bin/x: permission denied (mode 0644, owner 0: nobody may execute it) at "
                + "/process/args/0",
            finds: "permission denied: mode 0644, owner 0:0: nobody may execute it", mode: 0o644),
        Broken(
            "missing loader",
            says: "execve /bin/x: no such file or directory at /process/args/0 (its loader \"/lib/nosuch.so\" does not "
                + "exist in the container)",
            finds: "/bin/x: no such file or directory (its loader \"/lib/nosuch.so\" does not exist in the container)"
        ) { bundle in
            try Data(elf(loader: "/lib/nosuch.so")).write(to: URL(filePath: bundle.rootfs + "/bin/x"))
            try Files.write("", to: bundle.rootfs + "/bin/y")
            chmod(bundle.rootfs + "/bin/x", 0o755)
            bundle.config["/process/args"] = ["/bin/x"]
        },
        Broken(
            "mount without exec",
            says: "exec: \"/mnt/sh\": stat /mnt/sh: permission denied (the mount /mnt is noexec) at /process/args/0"
        ) { bundle in
            bundle.config.mount("/mnt", from: bundle.rootfs + "/bin", ["bind", "noexec"])
            bundle.config["/process/args"] = ["/mnt/sh", "-c", "true"]
        },
        Broken(
            "directory that the user may not enter",
            says: "execve /secret/deep/x: permission denied at /process/args/0 (/secret has mode 0700, owner 0:0, so "
                + "user 1000 of group 1000 may not enter it)",
            finds: "permission denied (/secret has mode 0700, owner 0:0, so user 1000 of group 1000 may not enter it)"
        ) { bundle in
            try Files.makeDirectory(bundle.rootfs + "/secret/deep")
            chmod(bundle.rootfs + "/secret", 0o700)
            try Files.write("#!/bin/sh\n", to: bundle.rootfs + "/secret/deep/x", mode: 0o755)
            bundle.config["/process/args"] = ["/secret/deep/x"]
            bundle.config["/process/user"] = ["uid": 1000, "gid": 1000]
        },
    ]

    static let configs: [Broken] = [
        Broken(
            "misspelt key", says: "/process: is required to create a container (\"proccess\" is unknown: is it meant?)",
            finds: "warning: /proccess: unknown property (did you mean \"process\"?)"
        ) { bundle in
            bundle.config["/proccess"] = bundle.config["/process"]
            bundle.config["/process"] = nil
        },
        config(
            "wrong type", "/process/user/uid", "root", says: "/process/user/uid: expected integer, found string"),
        Broken("comma too many", says: "config.json:2:8: comma before '}'", finds: "config.json:2:8: comma before '}'")
        {
            $0.text = "{\n  \"a\":1,\n}"
        },
        config(
            "namespace type", "/linux/namespaces/-", ["type": "net"],
            says: "/type: unknown namespace type \"net\" (did you mean \"network\"?)"),
        config(
            "limit type", "/process/rlimits", [["type": "RLIMIT_NOFILES", "soft": 1, "hard": 1]],
            says: "/process/rlimits/0/type: unknown resource limit \"RLIMIT_NOFILES\" (did you mean \"RLIMIT_NOFILE\"?)"
        ),
        Broken(
            "sysctl",
            says: "/ip_forwrad: no such file or directory at /linux/sysctl/net.ipv4.ip_forwrad (did you mean "
                + "\"ip_forward\"?)",
            finds: "/linux/sysctl/net.ipv4.ip_forwrad: this kernel does not have it (did you mean \"ip_forward\"?)"
        ) {
            $0.config.namespace("network")
            $0.config["/linux/sysctl"] = ["net.ipv4.ip_forwrad": "1"]
        },
        Broken(
            "value of a sysctl",
            says: "/ip_forward: invalid argument at /linux/sysctl/net.ipv4.ip_forward (the kernel does not take the "
                + "value \"yes\")"
        ) {
            $0.config.namespace("network")
            $0.config["/linux/sysctl"] = ["net.ipv4.ip_forward": "yes"]
        },
        Broken(
            "namespace that may not be looked at, or is none",
            says: "/linux/namespaces/", finds: "/linux/namespaces/"
        ) { $0.config.namespace("ipc", path: "/proc/1/ns/none") },
        Broken(
            "action of a filter",
            says: "config.json:", finds: "/defaultAction: \"SCMP_ACT_ALOW\" is no action of the runtime specification"
        ) { $0.config["/linux/seccomp"] = ["defaultAction": "SCMP_ACT_ALOW"] },
        mount(
            "file on a directory", "bind", "/etc/passwd", ["bind"],
            says: "(a directory can be mounted on a directory only, a file on a file)"),
        mount(
            "missing source of a bind", "bind", "/usr/bni/x", ["bind"],
            says: "open_tree /usr/bni/x: no such file or directory at /mounts/",
            finds: "/source: /usr/bni/x is not there: /usr has no bni (did you mean \"bin\"?)"),
        mount(
            "bind without the option", "bind", "/usr", [],
            says: "/type: without bind or rbind in options this must name a filesystem (add \"rbind\" to options)",
            finds: "(add \"rbind\" to options)"),
        mount(
            "option of a bind", "bind", "/usr", ["bind", "noexecc"],
            says: "/options/1: unknown option \"noexecc\": a bind mount takes no options of a filesystem (did you mean "
                + "\"noexec\"?)", finds: "(did you mean \"noexec\"?)"),
        mount(
            "option of a tmpfs", "tmpfs", "tmpfs", ["mode=0755", "noexecc"],
            says: "fsconfig noexecc: invalid argument (tmpfs: Unknown parameter 'noexecc') at /mounts/"),
        Broken(
            "three errors at once", says: "/process/cwd: \"tmp\" is not an absolute path\n",
            finds: "/hostname: expected string, found number"
        ) { bundle in
            bundle.config["/process/cwd"] = "tmp"
            bundle.config["/hostname"] = 7
            bundle.config["/linux/sysctl"] = ["nonsense": "1"]
        },
    ]

    // Goal: each broken bundle gets the message that a person would want, and leaves nothing. Method: a table; `check
    // --host`, which must find what can be found beforehand, then `run`.
    @Test("BI-52 broken bundles are told in words that name what to mend", .only(.hull), arguments: programs + configs)
    func told(_ broken: Broken) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try broken.breaks(bundle)
            try bundle.write()
            let check = try s.runtime("check", "--host", bundle.directory)
            if let finds = broken.finds {
                #expect(check.stdout.contains(finds), "\(check)")
            } else {
                #expect(check.ok && check.stdout.isEmpty, "\(check)")
            }
            let run = try s.run(bundle)
            #expect(run.ending == .exit(1), "\(run)")
            #expect(run.stderr.contains(broken.says), "\(run)")
            #expect(run.stderr.split(separator: "\n").count == 1, "\(run)")
        }
    }

    // Goal: a capability that nobody knows is a warning, as the specification wants it, with the nearest name. Method:
    // the run succeeds.
    @Test("BI-53 an unknown capability is a warning with the nearest name", .only(.hull))
    func capability() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0.capabilities(["CAP_NETADMIN"], sets: ["bounding"]) }
            let words = "unknown capability \"CAP_NETADMIN\": ignored (did you mean \"CAP_NET_ADMIN\"?)"
            let check = try s.runtime("check", bundle.directory)
            #expect(check.ok && check.stdout.contains(words), "\(check)")
            let run = try s.run(bundle)
            #expect(run.ok && run.stderr.contains(words), "\(run)")
        }
    }

    // Goal: a path that refuses the user is named for a later program too, and for one that another call starts.
    // Method: exec as another user, and create with start.
    @Test("BI-54 exec and start name the directory that refuses the user", .only(.hull))
    func refusedLater() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "sleep 60")
            try Files.makeDirectory(bundle.rootfs + "/secret")
            try Files.write("#!/bin/sh\n", to: bundle.rootfs + "/secret/x", mode: 0o755)
            chmod(bundle.rootfs + "/secret", 0o750)
            let words = "(/secret has mode 0750, owner 0:0, so user 7 of group 8 may not enter it)"
            let first = try s.create(bundle)
            try #expect(s.runtime("start", first.id).ok)
            let exec = try s.runtime("exec", "--user", "7:8", first.id, "/secret/x")
            #expect(exec.ending == .exit(255) && exec.stderr.contains(words), "\(exec)")
            bundle.config["/process/args"] = ["/secret/x"]
            bundle.config["/process/user"] = ["uid": 7, "gid": 8]
            bundle.config["/linux/cgroupsPath"] = .string(s.cgroupsPath("g9"))
            try bundle.write()
            let second = try s.create(bundle)
            let start = try s.runtime("start", second.id)
            #expect(start.failed && start.stderr.contains(words), "\(start)")
        }
    }

    /// The least that the kernel takes for a program of this machine with a loader.
    private static func elf(loader: String) -> [UInt8] {
        func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        #if arch(arm64)
            let machine: UInt16 = 183
        #else
            let machine: UInt16 = 62
        #endif
        let path = Array(loader.utf8) + [0]
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        file += bytes(UInt16(2)) + bytes(machine) + bytes(UInt32(1)) + bytes(UInt64(0x400000)) + bytes(UInt64(64))
        file += bytes(UInt64(0)) + bytes(UInt32(0)) + bytes(UInt16(64)) + bytes(UInt16(56)) + bytes(UInt16(1))
        file += [UInt8](repeating: 0, count: 6)
        file += bytes(UInt32(3)) + bytes(UInt32(4)) + bytes(UInt64(120)) + bytes(UInt64(0)) + bytes(UInt64(0))
        file += bytes(UInt64(path.count)) + bytes(UInt64(path.count)) + bytes(UInt64(1))
        return file + path + [UInt8](repeating: 0, count: 300)
    }
}
