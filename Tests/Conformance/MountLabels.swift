// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// `linux.mountLabel`, on kernels without SELinux: what is asked of the kernel shows in what it refuses.
@Suite(.runnable, .conformance, .only(.hull))
struct MountLabels {
    static let hasSELinux = Files.exists("/sys/fs/selinux/enforce")

    // Goal: new filesystems get the label, and the error names the field that asked for it. Method: the option that the
    // kernel does not know, with the annotation and without.
    @Test(
        "ML-08 mountLabel is an option of new filesystems", .enabled(if: !hasSELinux),
        arguments: [nil, "fscontext", "rootcontext", "defcontext"] as [String?])
    func option(kind: String?) throws {
        try scenario { s in
            let outcome = try s.refuses("/linux/mountLabel", "Unknown parameter '\(kind ?? "context")'") {
                $0["/linux/mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2"
                if let kind { $0["/annotations"] = ["run.oci.mount_context_type": .string(kind)] }
            }
            #expect(outcome.stderr.contains("=system_u:object_r:container_file_t:s0:c1,c2:"), "\(outcome)")
            #expect(outcome.stderr.contains("SELinux"), "\(outcome)")
        }
    }

    // Goal: mqueue takes no such option and is labelled as a file. Method: no other filesystem in the config.
    @Test("ML-09 mqueue is labelled by an attribute", .enabled(if: !hasSELinux))
    func queue() throws {
        try scenario { s in
            let outcome = try s.refuses("/linux/mountLabel", "fsetxattr") {
                $0["/linux/mountLabel"] = "system_u:object_r:container_file_t:s0"
                for name in ["/dev/shm", "/dev/pts", "/dev"] { $0.removeMount(name) }
            }
            #expect(outcome.stderr.contains("security.selinux"), "\(outcome)")
        }
    }

    // Goal: proc, sysfs, cgroup2 and bind mounts are as they are. Method: a container of these alone.
    @Test("ML-10 other mounts take no label")
    func others() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /mnt/name") {
                $0["/linux/mountLabel"] = "system_u:object_r:container_file_t:s0"
                $0["/linux/maskedPaths"] = ["/etc/passwd"]
                for name in ["/dev/mqueue", "/dev/shm", "/dev/pts", "/dev"] { $0.removeMount(name) }
                $0.mount("/mnt", from: "data", ["bind"])
                $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["ro"])
            }
            try bundle.addData()
            try #expect(s.run(bundle).lines == ["data"])
        }
    }

    // Goal: an unknown kind of context is told with those that there are. Method: a misspelt one.
    @Test("ML-11 an unknown kind of context is refused")
    func unknown() throws {
        try scenario { s in
            try s.refuses("/annotations/run.oci.mount_context_type", "did you mean \"fscontext\"?") {
                $0["/linux/mountLabel"] = "system_u:object_r:container_file_t:s0"
                $0["/annotations"] = ["run.oci.mount_context_type": "fs-context"]
            }
        }
    }
}
