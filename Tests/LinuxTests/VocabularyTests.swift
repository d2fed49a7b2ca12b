// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import Testing

@Suite struct ResourceLimitTests {
    // RL-54. Goal: the numbers are the kernel's. Method: every name beside the number of asm-generic/resource.h.
    @Test(arguments: [
        ("CPU", 0), ("FSIZE", 1), ("DATA", 2), ("STACK", 3), ("CORE", 4), ("RSS", 5), ("NPROC", 6), ("NOFILE", 7),
        ("MEMLOCK", 8), ("AS", 9), ("LOCKS", 10), ("SIGPENDING", 11), ("MSGQUEUE", 12), ("NICE", 13), ("RTPRIO", 14),
        ("RTTIME", 15),
    ]) func numbers(name: String, number: Int32) throws {
        let limit = try #require(ResourceLimit(name: Bytes("RLIMIT_" + name)))
        #expect(limit.rawValue == number)
        #expect(limit.name == Bytes("RLIMIT_" + name))
        #expect(ResourceLimit.all[Int(number)] == limit)
        #expect(ResourceLimit(name: Bytes(name)) == nil)
    }
}

@Suite struct NamespaceKindTests {
    // Goal: names, flags and files belong together. Method: ask the kernel for this process's own namespaces.
    @Test(arguments: NamespaceKind.allCases) func kernelAgrees(kind: NamespaceKind) throws {
        let descriptor = open("/proc/self/ns/\(kind.fileName.text)", O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        // NS_GET_NSTYPE of linux/nsfs.h.
        #expect(UInt64(ioctl(descriptor, 0xb703)) == kind.cloneFlag)
        #expect(NamespaceKind(name: kind.name) == kind)
    }

    // Goal: the kernel's short words are not the specification's. Method: a table.
    @Test(arguments: ["net", "mnt", "PID", "", "pid ", "namespace"]) func refuses(name: String) {
        #expect(NamespaceKind(name: Bytes(name)) == nil)
    }
}

@Suite struct DeviceNumberTests {
    // Goal: the packed form is the C library's. Method: its own functions, over numbers at every edge of the fields.
    @Test(arguments: [0, 1, 5, 255, 256, 0xfff, 0x1000, 0xf_ffff, 0x10_0000, UInt32.max])
    func packs(major: UInt32) throws {
        typealias MakeDev = @convention(c) (UInt32, UInt32) -> UInt64
        let makeDev = unsafeBitCast(try #require(dlsym(nil, "gnu_dev_makedev")), to: MakeDev.self)
        for minor: UInt32 in [0, 3, 255, 256, 0xf_ffff, 0x10_0000, .max] {
            let number = DeviceNumber(major: major, minor: minor)
            #expect(number.packed == makeDev(major, minor))
            #expect(DeviceNumber(packed: number.packed) == number)
        }
    }

    // Goal: numbers that mknod(2) would cut are seen. Method: both edges.
    @Test func kernelLimits() {
        #expect(DeviceNumber(major: 4095, minor: 1_048_575).fitsKernel)
        #expect(!DeviceNumber(major: 4096, minor: 0).fitsKernel)
        #expect(!DeviceNumber(major: 0, minor: 1_048_576).fitsKernel)
    }
}

/// (ID-55)
@Suite struct IDMappingTests {
    // Goal: both translations are each other's inverse and stop at the edges. Method: random ranges, ids near edges.
    @Test func translationsInvert() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let size = UInt32.random(in: 1...100_000, using: &random)
            let inside = UInt32.random(in: 0...(UInt32.max - size), using: &random)
            let outside = UInt32.random(in: 0...(UInt32.max - size), using: &random)
            let range = IDMapping(containerID: inside, hostID: outside, size: size)
            let offset = UInt32.random(in: 0..<size, using: &random)
            #expect(range.hostID(of: inside + offset) == outside + offset)
            #expect(range.containerID(of: outside + offset) == inside + offset)
            #expect(range.hostID(of: inside + size) == nil)
            #expect(inside == 0 || range.hostID(of: inside - 1) == nil)
            #expect(outside == 0 || range.containerID(of: outside - 1) == nil)
        }
    }

    // Goal: no arithmetic of a broken range stops the program. Method: ranges past the end.
    @Test func overflow() {
        let range = IDMapping(containerID: 0, hostID: 0xffff_fff0, size: 0x100)
        #expect(range.hostID(of: 0xf) == 0xffff_ffff)
        #expect(range.hostID(of: 0x10) == nil)
        #expect(IDMapping(containerID: 5, hostID: 5, size: 0).hostID(of: 5) == nil)
    }

    // Goal: several ranges answer as one map. Method: two ranges and a hole.
    @Test func lists() {
        let map = [
            IDMapping(containerID: 0, hostID: 1000, size: 1), IDMapping(containerID: 10, hostID: 100_000, size: 10),
        ]
        #expect(map.hostID(of: 0) == 1000)
        #expect(map.hostID(of: 19) == 100_009)
        #expect(map.hostID(of: 1) == nil)
        #expect(map.containerID(of: 100_000) == 10)
        #expect(map[1].line == "10 100000 10\n")
    }
}

@Suite struct MountAttributeTests {
    // Goal: constants come through as in linux/mount.h. Method: its numbers.
    @Test func constants() {
        #expect(MountAttributes.atimeMask.rawValue == 0x70)
        #expect(MountAttributes([.noAtime, .strictAtime]).isSubset(of: .atimeMask))
        #expect(MountAttributes.relAtime.isEmpty)
        #expect(MountAttributes.noSymFollow.rawValue == 0x20_0000)
        #expect(SuperblockFlags.lazyTime.rawValue == 1 << 25)
        #expect(SuperblockFlags.iVersion.rawValue == 1 << 23)
        #expect(MountPropagation.private.flag == 1 << 18)
        #expect(MountPropagation.unbindable.flag == 1 << 17)
    }
}
