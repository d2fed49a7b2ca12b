// SPDX-License-Identifier: Apache-2.0
import CSupport
import Foundation
import Glibc

/// Small file operations with the words that the tests need; failures are thrown with the path.
public enum Files {
    public static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    public static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try check(chmod(path, mode), "chmod", path)
    }

    /// One write into a file that is there, as kernel files want it; 0 or the errno.
    @discardableResult
    public static func put(_ text: String, in path: String) -> Int32 {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return errno }
        defer { close(file) }
        return Glibc.write(file, text, text.utf8.count) < 0 ? errno : 0
    }

    public static func copy(_ from: String, to: String, mode: mode_t) throws {
        try FileManager.default.copyItem(atPath: from, toPath: to)
        try check(chmod(to, mode), "chmod", to)
    }

    public static func makeDirectory(_ path: String, mode: mode_t = 0o755) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try check(chmod(path, mode), "chmod", path)
    }

    public static func link(_ target: String, at path: String) throws {
        try check(symlink(target, path), "symlink", path)
    }

    /// Exchanges two names in one step, as an attacker would.
    public static func exchange(_ one: String, _ other: String) { _ = support_exchange(one, other) }

    public static func exists(_ path: String) -> Bool {
        var it = stat()
        return lstat(path, &it) == 0
    }

    public static func list(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// What a symbolic link says; empty when it cannot be read.
    public static func linkTarget(_ path: String) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? ""
    }

    /// The user id that owns a file; -1 when there is none.
    public static func owner(_ path: String) -> Int {
        var it = stat()
        return lstat(path, &it) == 0 ? Int(it.st_uid) : -1
    }

    public static func give(_ path: String, to owner: uid_t) throws {
        try check(chown(path, owner, owner), "chown", path)
    }

    public static func inode(of path: String) -> String {
        var it = stat()
        return lstat(path, &it) == 0 ? "\(it.st_ino)" : "none"
    }

    /// Removes a cgroup and those below it; they must be empty of processes.
    public static func removeCgroup(_ path: String) {
        for directory in HostSnapshot.directories(below: path).reversed() + [path] { rmdir(directory) }
    }

    /// Every path below a directory, links not followed.
    public static func tree(_ path: String) -> [String] {
        list(path).flatMap { name -> [String] in
            let child = path + "/" + name
            var it = stat()
            guard lstat(child, &it) == 0 else { return [] }
            return [child] + (it.st_mode & S_IFMT == S_IFDIR ? tree(child) : [])
        }
    }

    /// Mode, owner, size and content identity of everything below a directory, to see that nothing changed.
    public static func fingerprint(_ path: String) -> [String] {
        tree(path).map { child in
            var it = stat()
            lstat(child, &it)
            let changed = "\(it.st_mtim.tv_sec).\(it.st_mtim.tv_nsec)"
            return "\(child) \(String(it.st_mode, radix: 8)) \(it.st_uid):\(it.st_gid) \(it.st_size) \(changed)"
        }
    }

    public static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    static func check(_ result: Int32, _ operation: String, _ object: String) throws {
        if result != 0 { throw Problem("\(operation) \(object): \(String(cString: strerror(errno)))") }
    }

    /// The real path of a program in PATH or the usual system directories.
    public static func program(_ name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"])
            .map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }
}

/// Something the test bench itself could not do.
public struct Problem: Error, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// How many times longer than usual every wait may be: HULL_PATIENCE, or 10 in the emulated machine of scripts/vm.
public let patience: Double = {
    let said = ProcessInfo.processInfo.environment["HULL_PATIENCE"].flatMap(Double.init)
    return said ?? (Files.exists("/run/vm") ? 10 : 1)
}()

/// Asks again until it is true or the time is over; the last answer.
@discardableResult
public func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date().addingTimeInterval(seconds * patience)
    while true {
        if try condition() { return true }
        if Date() > end { return false }
        usleep(5000)
    }
}
