// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance, .only(.hull, .crun))
struct MountLinks {
    // Goal: a link is made anew and not followed. Method: one that leads to nothing, in a directory that is missing.
    @Test("ML-01 copy-symlink makes the same link inside")
    func copy() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "readlink /new/link; grep -c /new/link /proc/self/mountinfo; true") {
                $0.mount("/new/link", from: "link", ["bind", "copy-symlink"])
            }
            try Files.link("/usr/share/zoneinfo/UTC", at: bundle.directory + "/link")
            try #expect(s.run(bundle).lines == ["/usr/share/zoneinfo/UTC", "0"])
        }
    }

    // Goal: the same link may be there already, another thing may not. Method: both.
    @Test("ML-02 copy-symlink does not replace what is there", arguments: ["same", "other", "file"])
    func existing(what: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "readlink /etc/link") {
                $0.mount("/etc/link", from: "link", ["bind", "copy-symlink"])
            }
            try Files.link("target", at: bundle.directory + "/link")
            let place = bundle.rootfs + "/etc/link"
            switch what {
            case "same": try Files.link("target", at: place)
            case "other": try Files.link("another", at: place)
            default: try Files.write("x", to: place)
            }
            if what == "same" {
                try #expect(s.run(bundle).lines == ["target"])
            } else {
                try s.refuses(bundle, "/mounts/6", ["exist", "symlink"])
            }
        }
    }

    // Goal: anything else is bound as ever. Method: a file.
    @Test("ML-03 copy-symlink of what is no link is a bind mount")
    func noLink() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /mnt/name") {
                $0.mount("/mnt/name", from: "data/name", ["bind", "copy-symlink", "ro"])
            }
            try bundle.addData()
            try #expect(s.run(bundle).lines == ["data"])
        }
    }

    // Goal: the link itself is mounted. Method: its target inside, and the mount table.
    @Test("ML-04 src-nofollow mounts the link itself")
    func source() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "readlink /mnt/link; grep -c ' /mnt/link ' /proc/self/mountinfo") {
                $0.mount("/mnt/link", from: "link", ["bind", "src-nofollow"])
            }
            try Files.link("target", at: bundle.directory + "/link")
            try #expect(s.run(bundle).lines == ["target", "1"])
        }
    }

    // Goal: the place is the link itself. Method: a file over it; where it leads to stays as it is.
    @Test("ML-05 dest-nofollow mounts over the link itself")
    func destination() throws {
        try scenario { s in
            let bundle = try s.bundle(
                script: "cat /etc/link; wc -c < /etc/target; grep -o ' /etc/link ' /proc/self/mountinfo"
            ) {
                $0.mount("/etc/link", from: "data/name", ["bind", "dest-nofollow"])
            }
            try bundle.addData()
            try Files.write("target", to: bundle.rootfs + "/etc/target")
            try Files.link("target", at: bundle.rootfs + "/etc/link")
            try #expect(s.run(bundle).lines == ["data", "6", " /etc/link "])
        }
    }

    // Goal: without the options links are followed on both sides. Method: the same as above.
    @Test("ML-06 without these options links are followed")
    func followed() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /etc/target; readlink /etc/link") {
                $0.mount("/etc/link", from: "link", ["bind"])
            }
            try bundle.addData()
            try Files.link("data/name", at: bundle.directory + "/link")
            try Files.write("target", to: bundle.rootfs + "/etc/target")
            try Files.link("target", at: bundle.rootfs + "/etc/link")
            try #expect(s.run(bundle).lines == ["data", "target"])
        }
    }

    // Goal: words about a bind's source mean nothing elsewhere. Method: a tmpfs with them.
    @Test(
        "ML-07 options about the source are refused without bind", .only(.hull),
        arguments: ["copy-symlink", "src-nofollow"])
    func noBind(option: String) throws {
        try scenario { s in
            try s.refuses("/mounts/6/options/1", "bind mounts") {
                $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["ro", option])
            }
        }
    }
}
