// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullPlan

/// For whom `spec` writes a config.
package enum DefaultConfig: Equatable, Sendable {
    /// For root.
    case privileged
    /// For a caller without privileges, whose ids become root's inside.
    case rootless(uid: UInt32, gid: UInt32)

    /// The config.json: a shell on a terminal, on a read-only root, with few privileges.
    package var text: Bytes {
        """
        {
            "ociVersion": "\(specVersion)",
        \(process)
            "root": {
                "path": "rootfs",
                "readonly": true
            },
            "hostname": "hull",
        \(mounts)
            "linux": {
        \(ids)\(namespaces)
        \(seccomp),
        \(hiddenPaths)
            }
        }

        """
    }

    /// No inheritable and no ambient capabilities: a program of an unprivileged user would get them by executing a file
    /// that carries inheritable ones (CVE-2022-29162).
    private var process: Bytes {
        let capabilities: Bytes = #"["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]"#
        return """
                "process": {
                    "terminal": true,
                    "user": {
                        "uid": 0,
                        "gid": 0
                    },
                    "args": ["sh"],
                    "env": [
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "TERM=xterm"
                    ],
                    "cwd": "/",
                    "capabilities": {
                        "bounding": \(capabilities),
                        "effective": \(capabilities),
                        "permitted": \(capabilities)
                    },
                    "rlimits": [
                        {
                            "type": "RLIMIT_NOFILE",
                            "hard": 1024,
                            "soft": 1024
                        }
                    ],
                    "noNewPrivileges": true
                },
            """
    }

    private var mounts: Bytes {
        // A group that is not mapped cannot own a terminal, and sysfs belongs to the network namespace, which a
        // rootless container shares with the host.
        let isRootless = self != .privileged
        let pts: Bytes = isRootless ? "" : #", "gid=5""#
        let sys: (type: Bytes, source: Bytes, bind: Bytes) =
            isRootless ? ("none", "/sys", #""rbind", "#) : ("sysfs", "sysfs", "")
        let all = [
            mount("/proc", "proc", "proc", ""),
            mount("/dev", "tmpfs", "tmpfs", #""nosuid", "strictatime", "mode=755", "size=65536k""#),
            mount(
                "/dev/pts", "devpts", "devpts",
                #""nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620""# + pts),
            mount("/dev/shm", "tmpfs", "shm", #""nosuid", "noexec", "nodev", "mode=1777", "size=65536k""#),
            mount("/dev/mqueue", "mqueue", "mqueue", #""nosuid", "noexec", "nodev""#),
            mount("/sys", sys.type, sys.source, sys.bind + #""nosuid", "noexec", "nodev", "ro""#),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", #""nosuid", "noexec", "nodev", "relatime", "ro""#),
        ]
        return "    \"mounts\": [\n" + all.joined(",\n") + "\n    ],"
    }

    private func mount(_ destination: Bytes, _ type: Bytes, _ source: Bytes, _ options: Bytes) -> Bytes {
        let optionsLine: Bytes = options.isEmpty ? "" : ",\n            \"options\": [\(options)]"
        return """
                    {
                        "destination": "\(destination)",
                        "type": "\(type)",
                        "source": "\(source)"\(optionsLine)
                    }
            """
    }

    /// A caller without privileges can map itself and cannot set limits.
    private var ids: Bytes {
        guard case .rootless(let uid, let gid) = self else {
            return """
                        "resources": {
                            "devices": [
                                {
                                    "allow": false,
                                    "access": "rwm"
                                }
                            ]
                        },

                """
        }
        return """
                    "uidMappings": [
                        {
                            "containerID": 0,
                            "hostID": \(uid),
                            "size": 1
                        }
                    ],
                    "gidMappings": [
                        {
                            "containerID": 0,
                            "hostID": \(gid),
                            "size": 1
                        }
                    ],

            """
    }

    private var namespaces: Bytes {
        let kinds: [Bytes] =
            self == .privileged
            ? ["pid", "network", "ipc", "uts", "mount", "cgroup"] : ["pid", "ipc", "uts", "mount", "cgroup", "user"]
        let rows = kinds.map { kind -> Bytes in "            {\n                \"type\": \"\(kind)\"\n            }" }
        return "        \"namespaces\": [\n" + rows.joined(",\n") + "\n        ],"
    }

    private var hiddenPaths: Bytes {
        """
                "maskedPaths": [
        \(lines(of: HiddenPaths.masked))
                ],
                "readonlyPaths": [
        \(lines(of: HiddenPaths.readonly))
                ]
        """
    }

    private func lines(of paths: [Bytes]) -> Bytes {
        paths.map { path -> Bytes in "            \"\(path)\"" }.joined(",\n")
    }
}
