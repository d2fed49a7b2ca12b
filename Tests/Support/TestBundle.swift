// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A bundle on disk: config.json as a value that tests edit by pointer, and a root filesystem.
public final class TestBundle {
    public let directory: String
    public var config: JSON
    /// Written in place of `config` when set: for text that is no JSON.
    public var text: String?

    public var rootfs: String { directory + "/rootfs" }

    /// A bundle whose process is a shell script.
    public init(at directory: String, arguments: [String], _ edit: (inout JSON) throws -> Void = { _ in }) throws {
        self.directory = directory
        config = BaseConfig.json
        config["/process/args"] = JSON(arguments)
        try Files.makeDirectory(directory)
        try RootFilesystem.make(at: directory + "/rootfs")
        try edit(&config)
        try write()
    }

    /// Writes config.json as it is now said.
    public func write() throws {
        try Files.write(text ?? config.text, to: directory + "/config.json")
    }

    public func edit(_ change: (inout JSON) throws -> Void) throws {
        try change(&config)
        try write()
    }
}

extension JSON {
    /// Adds a mount entry.
    public mutating func mount(
        _ destination: String, type: String? = nil, from source: String? = nil, _ options: [String] = []
    ) {
        var entry: JSON = ["destination": .string(destination)]
        if let type { entry["/type"] = .string(type) }
        if let source { entry["/source"] = .string(source) }
        if !options.isEmpty { entry["/options"] = JSON(options) }
        self["/mounts/-"] = entry
    }

    /// The index of the first element of an array whose member has the given value.
    public func index(in pointer: String, where key: String, is value: String) -> Int? {
        self[pointer]?.array?.firstIndex { $0["/" + key]?.string == value }
    }

    /// Adds or replaces a namespace entry.
    public mutating func namespace(_ type: String, path: String? = nil) {
        removeNamespace(type)
        var entry: JSON = ["type": .string(type)]
        if let path { entry["/path"] = .string(path) }
        self["/linux/namespaces/-"] = entry
    }

    public mutating func removeNamespace(_ type: String) {
        if let index = index(in: "/linux/namespaces", where: "type", is: type) {
            self["/linux/namespaces/\(index)"] = nil
        }
    }

    public mutating func removeMount(_ destination: String) {
        if let index = index(in: "/mounts", where: "destination", is: destination) {
            self["/mounts/\(index)"] = nil
        }
    }

    /// A user namespace in which ids 0..<65536 are the host's `first`...
    public mutating func userNamespace(first: Int64 = 100_000, size: Int64 = 65536) {
        namespace("user")
        let map: JSON = [["containerID": 0, "hostID": .int(first), "size": .int(size)]]
        self["/linux/uidMappings"] = map
        self["/linux/gidMappings"] = map
    }

    /// The given sets all hold the given capabilities.
    public mutating func capabilities(_ names: [String], sets: [String]) {
        for set in sets { self["/process/capabilities/" + set] = JSON(names) }
    }
}
