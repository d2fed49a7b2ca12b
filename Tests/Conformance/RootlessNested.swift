// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// A runtime that is called by the root of a user namespace, as by engines without root and in containers.
@Suite(.runnable, .conformance, .needs(.userNamespace))
struct RootlessNested {
    private func user(_ s: Scenario) throws -> OrdinaryUser {
        var user = try OrdinaryUser(s)
        user.privileges = [
            "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "--propagation", "slave", "--",
        ]
        return user
    }

    // Goal: who has made the user namespace gives its namespace to the container, or one below. Method: both; devices,
    // which cannot be made there; no cgroup is delegated.
    @Test("RO-30 the root of a user namespace runs a container in it, and in one below", arguments: [false, true])
    func root(below: Bool) throws {
        try scenario { s in
            let user = try user(s)
            let outcome = try user.run("id -u; tr -s ' ' < /proc/self/uid_map; echo x > /dev/null && echo written") {
                if below { return $0.userNamespace(first: 0, size: 1) }
                $0.removeNamespace("user")
                $0["/linux/uidMappings"] = nil
                $0["/linux/gidMappings"] = nil
            }
            #expect(outcome.ok && outcome.lines.last == "written" && outcome.lines.first == "0", "\(outcome)")
            user.leavesNothing()
        }
    }

    // Goal: ids that the user namespace does not have. Method: of the process, and in a map; what it has is said.
    @Test("RO-31 an id that the caller's user namespace does not have is named", .only(.hull))
    func unmapped() throws {
        try scenario { s in
            let user = try user(s)
            let process = try user.run("true") {
                $0.removeNamespace("user")
                $0["/linux/uidMappings"] = nil
                $0["/linux/gidMappings"] = nil
                $0["/process/user/uid"] = 7
            }
            #expect(process.failed, "\(process)")
            expect(process, says: ["/process/user/uid: 7 is not mapped in the user namespace"])
            expect(process, says: ["(it has 0)"])
            let map = try user.run("true") { $0.userNamespace(first: 0, size: 3) }
            #expect(map.failed, "\(map)")
            expect(map, says: ["/linux/uidMappings/0/hostID: 1 is not mapped in the user namespace"])
            user.leavesNothing()
        }
    }

    // Goal: a container in a container of an ordinary user. Method: the inner bundle and the runtime are mounted.
    @Test("RO-32 a container runs in a container", .only(.hull))
    func nested() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let inner = try user.bundle("id -u; echo $$") {
                $0.removeNamespace("user")
                $0["/linux/uidMappings"] = nil
                $0["/linux/gidMappings"] = nil
                $0["/process/rlimits"] = nil
            }
            let outer = try user.bundle("/bin/inner --root /tmp/state run --bundle /mnt c") {
                $0.mount("/mnt", from: inner.directory, ["rbind"])
                $0.mount("/bin/inner", from: OrdinaryUser.program, ["bind", "ro"])
                // Where the program is not static.
                for directory in ["/usr", "/lib", "/lib64", "/opt"] where Files.exists(directory) {
                    $0.mount(directory, from: directory, ["rbind", "ro"])
                }
                $0.capabilities(Self.capabilities, sets: ["bounding", "effective", "permitted"])
                $0["/linux/maskedPaths"] = nil
                $0["/linux/readonlyPaths"] = nil
            }
            let outcome = try user("run", "--bundle", outer.directory, "c")
            #expect(outcome.ok && outcome.lines == ["0", "1"], "\(outcome)")
            user.leavesNothing()
        }
    }

    private static let capabilities = [
        "CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER",
        "CAP_KILL", "CAP_NET_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_AUDIT_WRITE", "CAP_NET_BIND_SERVICE",
    ]

    // Goal: without limits no cgroup is needed, and so no mount of one. Method: root, in a mount namespace without.
    @Test("RO-33 with --cgroup-manager disabled no cgroup2 need be mounted", .only(.hull))
    func noCgroupMount() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo ran") {
                $0["/linux/cgroupsPath"] = nil
                $0["/linux/resources"] = nil
            }
            let words = [
                Runtime.program, "--root", s.runtime.root, "--cgroup-manager", "disabled", "run", "--bundle",
                bundle.directory, s.id(),
            ]
            var launch = Launch(
                "/usr/bin/unshare",
                ["--mount", "/bin/sh", "-ec", "umount --recursive /sys/fs/cgroup; exec \"$@\"", "sh"] + words,
                in: s.directory)
            launch.environment = Runtime.environment
            launch.cgroup = s.runtime.cage
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.ok && outcome.lines == ["ran"], "\(outcome)")
        }
    }
}
