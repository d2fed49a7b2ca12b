// SPDX-License-Identifier: Apache-2.0
import CSupport

/// The device programs of a cgroup, as its owner or somebody else sees them.
public struct DevicePrograms: Sendable {
    /// How a program lets others be beside it.
    public enum Admission: UInt32, Sendable {
        case none = 0
        case below = 1
        case all = 2
    }

    public let directory: String

    /// Of the cgroup's directory.
    public init(of directory: String) { self.directory = directory }

    /// Attaches one that denies to open a device, not to make its node; 0 or the errno.
    public func deny(_ name: String, major: UInt32, minor: UInt32, admits: Admission = .all) -> Int32 {
        -support_deny_device(directory, name, major, minor, admits.rawValue)
    }

    /// The names of those of the cgroup itself.
    public var names: [String] {
        var text = [CChar](repeating: 0, count: 2048)
        guard support_device_programs(directory, &text, text.count) >= 0 else { return ["cannot be asked for"] }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Takes all of them away; how many.
    public func detach() -> Int32 { support_detach_devices(directory) }
}
