// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullCommandLine
import HullOCI
import Testing

/// (CL-64)
struct DefaultConfigTests {
    /// Goal: the config differs from runc's only as written here. Method: both flattened to pointers and compared.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/runc"), "runc is not installed"))
    func differencesFromRunc() throws {
        let ours = try leaves(DefaultConfig.privileged.text).filter { !$0.hasPrefix("/linux/seccomp/") }
        let theirs = try leaves(runcSpec([]))
        #expect(
            ours.subtracting(theirs) == [
                "/ociVersion=1.3.0", "/hostname=hull", "/linux/namespaces/*/type=cgroup",
                "/linux/maskedPaths/*=/proc/interrupts", "/linux/maskedPaths/*=/sys/devices/virtual/powercap",
            ])
        // A newer runc has dropped its ambient capabilities and raised the version as well.
        let dropped = theirs.subtracting(ours).filter { !$0.contains("/ambient/") && !$0.hasPrefix("/ociVersion") }
        #expect(dropped == ["/hostname=runc"])
    }

    /// Goal: the rootless config differs from runc's in the same places only. Method: as above, run as this user.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/runc"), "runc is not installed"))
    func rootlessDifferencesFromRunc() throws {
        let ours = try leaves(DefaultConfig.rootless(uid: geteuid(), gid: getegid()).text)
            .filter { !$0.hasPrefix("/linux/seccomp/") }
        let theirs = try leaves(runcSpec(["--rootless"]))
        #expect(
            ours.subtracting(theirs) == [
                "/ociVersion=1.3.0", "/hostname=hull", "/linux/namespaces/*/type=cgroup",
                "/linux/maskedPaths/*=/proc/interrupts", "/linux/maskedPaths/*=/sys/devices/virtual/powercap",
            ])
        let dropped = theirs.subtracting(ours).filter { !$0.contains("/ambient/") && !$0.hasPrefix("/ociVersion") }
        #expect(dropped == ["/hostname=runc"])
    }

    /// Goal: what rootless means. Method: the leaves that one of the two has and the other has not.
    @Test func rootless() throws {
        let root = try leaves(DefaultConfig.privileged.text)
        let rootless = try leaves(DefaultConfig.rootless(uid: 1000, gid: 100).text)
        #expect(
            root.subtracting(rootless) == [
                "/linux/namespaces/*/type=network", "/linux/resources/devices/*/access=rwm",
                "/linux/resources/devices/*/allow=0", "/mounts/*/options/*=gid=5", "/mounts/*/source=sysfs",
                "/mounts/*/type=sysfs",
            ])
        #expect(
            rootless.subtracting(root) == [
                "/linux/gidMappings/*/containerID=0", "/linux/gidMappings/*/hostID=100", "/linux/gidMappings/*/size=1",
                "/linux/namespaces/*/type=user", "/linux/uidMappings/*/containerID=0",
                "/linux/uidMappings/*/hostID=1000", "/linux/uidMappings/*/size=1", "/mounts/*/options/*=rbind",
                "/mounts/*/source=/sys", "/mounts/*/type=none",
            ])
    }

    /// Goal: hull reads what it writes. Method: its own reader, and a look at what it understood.
    @Test(arguments: [DefaultConfig.privileged, .rootless(uid: 1000, gid: 100)])
    func readsBack(config: DefaultConfig) throws {
        let read = try Config.read(config.text.array)
        #expect(read.process?.args == ["sh"])
        #expect(read.process?.capabilities?.ambient == nil)
        #expect(read.mounts?.map(\.destination).last == "/sys/fs/cgroup")
        #expect(read.linux?.uidMappings?.map(\.hostID) == (config == .privileged ? nil : [1000]))
        #expect(read.linux?.gidMappings?.map(\.hostID) == (config == .privileged ? nil : [100]))
    }

    /// Goal: a file that people edit. Method: no tab, no trailing blank, indentation by four, one newline at the end.
    @Test(arguments: [DefaultConfig.privileged, .rootless(uid: 0, gid: 0)])
    func layout(config: DefaultConfig) {
        let lines = config.text.split(0x0a, omittingEmpty: false)
        #expect(lines.last == "")
        for line in lines.dropLast() {
            #expect(!line.isEmpty && !line.hasSuffix(" ") && !line.contains(0x09))
            #expect(line.array.prefix { $0 == 0x20 }.count % 4 == 0)
        }
    }

    private func runcSpec(_ arguments: [String]) throws -> Bytes {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("hull-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/runc")
        process.arguments = ["spec", "--bundle", directory.path] + arguments
        try process.run()
        process.waitUntilExit()
        return Bytes([UInt8](try Data(contentsOf: directory.appendingPathComponent("config.json"))))
    }

    /// Every scalar of the document with its pointer; indexes are left out, as order means nothing in these arrays.
    private func leaves(_ json: Bytes) throws -> Set<String> {
        var found: Set<String> = []
        func walk(_ value: Any, _ pointer: String) {
            switch value {
            case let object as [String: Any]: for (key, inner) in object { walk(inner, pointer + "/" + key) }
            case let array as [Any]: for inner in array { walk(inner, pointer + "/*") }
            default: found.insert("\(pointer)=\(value)")
            }
        }
        walk(try JSONSerialization.jsonObject(with: Data(json.array)), "")
        return found
    }
}
