// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support

/// A config in the words of weak.c: one step in each line.
struct WeakPlan {
    private(set) var text = ""

    private static let flags: [String: UInt] = [
        "ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "bind": 4096, "rbind": 4096 | 16384,
    ]
    private static let data = ["mode=", "size=", "gid=", "ptmxmode=", "newinstance"]
    private static let capabilities: [String: Int] = [
        "CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_NET_BIND_SERVICE": 10, "CAP_NET_RAW": 13,
        "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21, "CAP_MKNOD": 27, "CAP_AUDIT_WRITE": 29,
    ]

    init(_ bundle: TestBundle) {
        let config = bundle.config
        line("root", bundle.rootfs)
        let namespaces = config["/linux/namespaces"]?.array ?? []
        if let path = namespaces.first(where: { $0["/type"] == "pid" })?["/path"]?.string { line("pid", path) }
        if config["/process/terminal"] == true { line("terminal") }
        for mount in config["/mounts"]?.array ?? [] { add(mount, bundle.directory) }
        for (key, value) in (config["/linux/sysctl"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            line("sysctl", key.replacingOccurrences(of: ".", with: "/"), value.string ?? "")
        }
        if let label = config["/process/apparmorProfile"]?.string { line("label", "exec " + label) }
        for path in config["/linux/readonlyPaths"]?.strings ?? [] { line("readonly", path) }
        for path in config["/linux/maskedPaths"]?.strings ?? [] { line("mask", path) }
        if config["/root/readonly"] == true { line("closed") }
        line("cwd", config["/process/cwd"]?.string ?? "/")
        line("uid", "\(config["/process/user/uid"]?.int ?? 0)")
        line("gid", "\(config["/process/user/gid"]?.int ?? 0)")
        let bits = (config["/process/capabilities/bounding"]?.strings ?? []).compactMap { Self.capabilities[$0] }
        line("caps", String(bits.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }, radix: 16))
        for entry in config["/process/env"]?.strings ?? [] { line("env", entry) }
        text += "args\t" + (config["/process/args"]?.strings ?? []).joined(separator: "\t") + "\n"
    }

    private mutating func line(_ words: String...) { text += words.joined(separator: "\t") + "\n" }

    private mutating func add(_ mount: JSON, _ directory: String) {
        let options = mount["/options"]?.strings ?? []
        let flags = options.compactMap { Self.flags[$0] }.reduce(UInt(0), |)
        var source = mount["/source"]?.string ?? "none"
        if flags & 4096 != 0, !source.hasPrefix("/") { source = directory + "/" + source }
        let data = options.filter { option in Self.data.contains { option.hasPrefix($0) } }
        line(
            "mount", mount["/destination"]?.string ?? "/", mount["/type"]?.string ?? "none", source, "\(flags)",
            data.joined(separator: ","))
    }
}
