// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Sysctl {
    // Goal: settings of the container's namespaces are made. Method: read them inside; the host keeps its own.
    @Test(
        "SY-01 settings of own namespaces are made",
        arguments: [
            ("net.core.somaxconn", "1234"), ("net.ipv4.ip_forward", "1"), ("kernel.msgmax", "4096"),
            ("kernel.shmmni", "2048"), ("fs.mqueue.msg_max", "20"),
        ])
    func own(name: String, value: String) throws {
        let path = "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
        let before = Files.read(path)
        try scenario { s in
            try #expect(s.inside("cat \(path)") { $0["/linux/sysctl"] = .object([name: .string(value)]) } == [value])
        }
        #expect(Files.read(path) == before)
    }

    // Goal: a key may be written with slashes. Method: a name whose own part has a dot would need it.
    @Test("SY-02 a key may be written with slashes")
    func slashes() throws {
        try scenario { s in
            let lines = try s.inside("cat /proc/sys/net/ipv4/ip_forward") {
                $0["/linux/sysctl"] = ["net/ipv4/ip_forward": "1"]
            }
            #expect(lines == ["1"])
        }
    }

    // Goal: the host's settings are not for containers. Method: a setting that has no namespace.
    @Test(
        "SY-03 a setting without a namespace is refused", arguments: ["vm.swappiness", "kernel.panic", "fs.file-max"])
    func global(name: String) throws {
        try scenario { s in
            try s.refuses("/linux/sysctl/\(name)", name, "sysctl") { $0["/linux/sysctl"] = .object([name: "1"]) }
        }
    }

    // Goal: the same for those of a namespace that is the host's. Method: net without a network namespace.
    @Test(
        "SY-04 a setting of an inherited namespace is refused",
        arguments: [("net.core.somaxconn", "network"), ("kernel.msgmax", "ipc")])
    func inherited(name: String, type: String) throws {
        try scenario { s in
            try s.refuses("/linux/sysctl/\(name)", name, "sysctl") {
                $0.removeNamespace(type)
                if type == "network" { Namespaces.bindSys(&$0) }
                $0["/linux/sysctl"] = .object([name: "1000"])
            }
        }
    }

    // Goal: a name that the kernel does not have is an error. Method: a misspelt one.
    @Test("SY-05 an unknown setting is refused")
    func unknown() throws {
        try scenario { s in
            try s.refuses("/linux/sysctl/net.core.nosuch", "no such file or directory", "No such file or directory") {
                $0["/linux/sysctl"] = ["net.core.nosuch": "1"]
            }
        }
    }

    // Goal: a value that the kernel does not take is an error. Method: a word for a number.
    @Test("SY-06 a value that the kernel refuses is an error")
    func value() throws {
        try scenario { s in
            try s.refuses("/linux/sysctl/net.core.somaxconn", "nvalid argument") {
                $0["/linux/sysctl"] = ["net.core.somaxconn": "many"]
            }
        }
    }

    // Goal: a key cannot leave /proc/sys. Method: climbing names.
    @Test(
        "SY-07 a key that climbs is refused",
        arguments: ["net/../kernel/panic", "net.core/../../kernel/panic", "net/../../self/oom_score_adj"])
    func climbing(name: String) throws {
        let before = Files.read("/proc/sys/kernel/panic")
        try scenario { s in
            try s.refuses("/linux/sysctl/", "sysctl", "unsafe", "not", "o such file") {
                $0["/linux/sysctl"] = .object([name: "77"])
            }
        }
        #expect(Files.read("/proc/sys/kernel/panic") == before)
    }

    // Goal: a path does not turn the host's namespace into the container's own. Method: join the runtime's.
    @Test(
        "SY-08 a setting of a joined namespace that is the host's is refused",
        arguments: [("net.core.somaxconn", "network", "net"), ("kernel.msgmax", "ipc", "ipc")])
    func joinedHost(name: String, type: String, link: String) throws {
        try scenario(case: name) { s in
            try s.refuses("/linux/sysctl/\(name)", "not allowed") {
                $0.namespace(type, path: "/proc/self/ns/\(link)")
                if type == "network" { Namespaces.bindSys(&$0) }
                $0["/linux/sysctl"] = .object([name: "1000"])
            }
        }
    }

    // Goal: user.* counts per user namespace. Method: with one it is set, without one refused.
    @Test("SY-09 user settings need a user namespace", .needs(.userNamespace))
    func user() throws {
        try scenario { s in
            let lines = try s.inside("cat /proc/sys/user/max_ipc_namespaces") {
                $0.userNamespace()
                $0["/linux/sysctl"] = ["user.max_ipc_namespaces": "7"]
            }
            #expect(lines == ["7"])
            try s.refuses("/linux/sysctl/user.max_ipc_namespaces", "sysctl") {
                $0["/linux/sysctl"] = ["user.max_ipc_namespaces": "7"]
            }
        }
    }

    // Goal: the domain name is the uts namespace's. Method: with one it is set, without one refused.
    @Test("SY-10 kernel.domainname needs a uts namespace")
    func domainname() throws {
        try scenario { s in
            let lines = try s.inside("cat /proc/sys/kernel/domainname") {
                $0["/linux/sysctl"] = ["kernel.domainname": "harbour.example"]
            }
            #expect(lines == ["harbour.example"])
            try s.refuses("/linux/sysctl/kernel.domainname", "sysctl") {
                $0.removeNamespace("uts")
                $0["/hostname"] = nil
                $0["/linux/sysctl"] = ["kernel.domainname": "harbour.example"]
            }
        }
    }
}
