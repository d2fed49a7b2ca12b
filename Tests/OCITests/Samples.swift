// SPDX-License-Identifier: Apache-2.0
import Foundation
import HullBytes
import HullOCI

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

/// An error as one line: "/pointer 3:7 problem".
func line(_ error: ConfigError) -> String {
    let place = error.line.flatMap { line in error.column.map { " \(line):\($0)" } } ?? ""
    return "\(error.pointer.text.text)\(place) \(error.problem.text)"
}

/// What reading the text as a document ends with: the errors as lines, none if it is read.
func errors<V: JSONReadable>(_ text: String, as type: V.Type, limits: JSONLimits = JSONLimits()) -> [String] {
    errors(bytes(text), as: type, limits: limits)
}

func errors<V: JSONReadable>(_ bytes: [UInt8], as type: V.Type, limits: JSONLimits = JSONLimits()) -> [String] {
    do throws(ConfigErrors) {
        let _: V = try JSONReader.read(bytes, limits: limits)
        return []
    } catch {
        return error.list.map(line)
    }
}

/// The error of a text that is no JSON, nil if it is.
func syntaxError(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> String? {
    do throws(ConfigErrors) {
        _ = try JSONDocument(bytes, limits: limits)
        return nil
    } catch {
        return error.list.map(line).joined(separator: "; ")
    }
}

/// Random numbers that are the same in every run (splitmix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

/// A configuration with something of every kind.
let sampleConfig = #"""
    {
        "ociVersion": "1.3.0",
        "root": { "path": "rootfs", "readonly": true },
        "hostname": "caf\u00e9",
        "domainname": "example.test",
        "process": {
            "terminal": true,
            "consoleSize": { "height": 25, "width": 80 },
            "user": { "uid": 1000, "gid": 100, "umask": 18, "additionalGids": [5, 4294967295] },
            "args": ["sh", "-c", "echo \"\ud83d\ude80\" | tr a-z A-Z\n"],
            "env": ["PATH=/bin", "EMPTY="],
            "cwd": "/",
            "capabilities": { "bounding": ["CAP_KILL"], "ambient": [] },
            "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615 }],
            "oomScoreAdj": -500,
            "scheduler": { "policy": "SCHED_FIFO", "nice": -2147483648, "priority": 2147483647 },
            "ioPriority": { "class": "IOPRIO_CLASS_BE", "priority": 4 },
            "noNewPrivileges": false
        },
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            {
                "destination": "/data", "source": "/srv", "options": ["rbind", "ro", "idmap"],
                "uidMappings": [{ "containerID": 0, "hostID": 100000, "size": 65536 }], "gidMappings": []
            }
        ],
        "hooks": { "poststop": [{ "path": "/bin/clean", "args": ["clean"], "env": [], "timeout": 5 }] },
        "annotations": { "z": "last first", "a/b~c": "" },
        "linux": {
            "namespaces": [{ "type": "pid" }, { "type": "network", "path": "/run/netns/a" }],
            "timeOffsets": { "monotonic": { "secs": -9223372036854775808, "nanosecs": 7 }, "boottime": {} },
            "devices": [{ "path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438 }],
            "netDevices": { "eth0": { "name": "in0" }, "eth1": {} },
            "resources": {
                "devices": [{ "allow": false, "access": "rwm" }],
                "memory": { "limit": -1, "swappiness": 0 },
                "cpu": { "shares": 1024, "quota": -1, "cpus": "0-3,7" },
                "pids": { "limit": 0 },
                "blockIO": { "weight": 65535, "throttleReadBpsDevice": [{ "major": 8, "minor": 0, "rate": 600 }] },
                "hugepageLimits": [{ "pageSize": "2MB", "limit": 209715200 }],
                "network": { "classID": 1, "priorities": [{ "name": "eth0", "priority": 2 }] },
                "rdma": { "mlx5_1": { "hcaHandles": 3 } },
                "unified": { "memory.high": "max" }
            },
            "seccomp": {
                "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"],
                "syscalls": [
                    {
                        "names": ["clone", "read"], "action": "SCMP_ACT_ALLOW",
                        "args": [{ "index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ" }]
                    }
                ]
            },
            "sysctl": { "net.ipv4.ip_forward": "1" },
            "personality": { "domain": "LINUX" },
            "maskedPaths": ["/proc/kcore"]
        }
    }
    """#
