// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support

/// A tree on the host that no container may touch: what is in it, how it is owned, and the mounts of the host.
final class Canary {
    let path: String
    private let before: [String]
    private let mounts: [String]

    init(at path: String) throws {
        self.path = path
        try Files.makeDirectory(path + "/dir")
        for name in ["file", "ptmx", "null", "exec", "dir/inner"] {
            try Files.write("untouched\n", to: path + "/" + name, mode: 0o600)
        }
        before = Canary.look(path)
        mounts = Canary.hostMounts(except: path)
    }

    /// Everything that is not as it was, as sentences.
    func changes() -> [String] {
        let after = Canary.look(path)
        let gone = before.filter { !after.contains($0) }.map { "canary changed or gone: \($0)" }
        let new = after.filter { !before.contains($0) }.map { "canary has: \($0)" }
        let mountsNow = Canary.hostMounts(except: path)
        return gone + new + mounts.filter { !mountsNow.contains($0) }.map { "mount of the host changed: \($0)" }
    }

    private static func look(_ path: String) -> [String] {
        Files.fingerprint(path).map { line in
            let file = String(line.prefix { $0 != " " })
            return line + " " + (Files.read(file) ?? "unreadable").prefix(80).replacingOccurrences(of: "\n", with: "")
        }
    }

    /// Number, place, attributes and propagation of each mount; other tests come and go below the base directory, and
    /// crun mounts itself in /tmp for a moment before each of its processes.
    private static func hostMounts(except path: String) -> [String] {
        Machine.mountinfo().filter { !$0.contains(" " + Machine.base + "/") && !$0.contains(" /tmp/crun.") }
            .map { line in line.components(separatedBy: " - ")[0] }
    }
}
