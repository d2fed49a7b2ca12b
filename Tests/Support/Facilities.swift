// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// What the emulated machine of scripts/vm has when it is asked for, since nobody else lives there. Elsewhere only what
/// is there already is used.
extension Machine {
    private static let isEmulated = Files.exists("/run/vm")

    private static func shell(_ line: String) {
        var launch = Launch("/bin/sh", ["-ec", line], in: "/")
        launch.environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        _ = try? launch.start(outputs: base + "/facility.\(Runtime.next())").outcome(within: 30)
    }

    static let hasSwap: Bool = {
        func isThere() -> Bool { (Files.read("/proc/swaps") ?? "").split(separator: "\n").count > 1 }
        if !isThere(), isEmulated {
            shell("dd if=/dev/zero of=/var/tmp/swap bs=1M count=96; chmod 600 /var/tmp/swap; mkswap /var/tmp/swap")
            shell("swapon /var/tmp/swap")
        }
        return isThere()
    }()

    /// The number of the user without privileges by whom runtimes are called.
    public static let ordinaryUser: UInt32 = 4500

    static let hasSystemdOfUser: Bool = {
        let socket = "/run/user/\(ordinaryUser)/systemd/private"
        if !Files.exists(socket), isEmulated, Need.systemd.isMet {
            shell("useradd --uid \(ordinaryUser) --user-group sailor && loginctl enable-linger sailor")
            eventually(within: 60) { Files.exists(socket) }
        }
        return Files.exists(socket)
    }()

    static let hasHugePages: Bool = {
        let directory = "/sys/kernel/mm/hugepages/hugepages-2048kB"
        if isEmulated { Files.put("4", in: directory + "/nr_hugepages") }
        let free = Files.read(directory + "/free_hugepages")?.trimmingCharacters(in: .whitespacesAndNewlines)
        return (free.flatMap { Int($0) } ?? 0) >= 2
    }()

    /// The numbers of the disk below /var/tmp, where that is a disk and no part of one.
    public static let disk: (major: Int, minor: Int)? = {
        var status = stat()
        guard stat("/var/tmp", &status) == 0 else { return nil }
        let number = status.st_dev
        let disk = (major: Int((number >> 8) & 0xfff), minor: Int((number & 0xff) | ((number >> 12) & 0xfff00)))
        return Files.exists("/sys/dev/block/\(disk.major):\(disk.minor)/queue") ? disk : nil
    }()

    static let hasBFQ: Bool = {
        guard let disk else { return false }
        let file = "/sys/dev/block/\(disk.major):\(disk.minor)/queue/scheduler"
        if isEmulated { shell("modprobe bfq; echo bfq > \(file)") }
        return Files.read(file)?.contains("[bfq]") == true
    }()
}
