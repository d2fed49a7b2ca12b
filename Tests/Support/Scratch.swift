// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A directory of its own for one test, gone with it.
public final class Scratch: Sendable {
    public let path: String

    public init() {
        path = "/tmp/scratch.\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        mkdir(path, 0o755)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Everything below it, sorted: the canary of tests in which nothing may appear.
    public var contents: [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// The descriptors of the process. Only sensible where no other test runs beside: in an exit test.
public func openDescriptors() -> Set<Int32> {
    guard let directory = opendir("/proc/self/fd") else { return [] }
    defer { closedir(directory) }
    var numbers: Set<Int32> = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let number = Int32(name), number != dirfd(directory) { numbers.insert(number) }
    }
    return numbers
}
