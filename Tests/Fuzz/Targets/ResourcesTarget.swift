// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan

/// Names that become names of cgroup files, and values that become lines in them: always one component, one line.
enum ResourcesTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        var said = Config.Linux.Resources()
        var bad: [JSONPointer] = []
        func note(_ isBad: Bool, _ pointer: JSONPointer) { if isBad { bad.append(pointer) } }
        let place = "/linux/resources" as JSONPointer
        let words: [Bytes] = [
            "memory.max", "io.max", "cpu.", ".x", "..", "a/b", "cgroup.procs", "max", "8:0 rbps=1\n9:0",
        ]
        said.unified = (0..<draw.count(upTo: 3)).map { _ in Entry(key: draw.word(words), value: draw.word(words)) }
        for entry in said.unified ?? [] {
            let isName = entry.key.array.dropFirst().dropLast().contains(0x2e) && entry.key.array.first != 0x2e
            note(!isName || entry.key.contains(0x2f), place.appending("unified").appending(entry.key))
        }
        let sizes: [Bytes] = ["2MB", "1GB", "64KB", "0MB", "02MB", "MB", "2M", "-1KB", "../KB", "1GB/KB"]
        said.hugepageLimits = (0..<draw.count(upTo: 3)).map { _ in
            .init(pageSize: draw.word(sizes), limit: draw.near([0, 1, .max]))
        }
        for (index, limit) in (said.hugepageLimits ?? []).enumerated() {
            let digits = limit.pageSize.array.prefix { $0 >= 0x30 && $0 <= 0x39 }
            let isSize = !digits.isEmpty && digits.first != 0x30 && digits.count + 2 == limit.pageSize.count
            note(!isSize, place.appending("hugepageLimits").appending(index).appending("pageSize"))
        }
        let devices: [Bytes] = ["mlx5_1", "", "a b", "a/b", "a\n", "hfi1_0"]
        said.rdma = (0..<draw.count(upTo: 3)).map { _ in
            let handles: UInt32? = draw.bool() ? draw.near([0, 1, 0x7fff_ffff, .max]) : nil
            let objects: UInt32? = draw.bool() ? draw.near([0, 1, 0x7fff_ffff, .max]) : nil
            return Entry(key: draw.word(devices), value: .init(hcaHandles: handles, hcaObjects: objects))
        }
        for entry in said.rdma ?? [] {
            let isName = !entry.key.isEmpty && !entry.key.array.contains { $0 <= 0x20 || $0 == 0x2f }
            note(!isName, place.appending("rdma").appending(entry.key))
        }
        var cpu = Config.Linux.Resources.CPU()
        cpu.cpus = draw.word(["0-3,7", "0-", "1", "3-2", "0-15:2/4", " 1 ", "1\n2"])
        cpu.mems = draw.word(["0", "x", ""])
        said.cpu = cpu
        var findings = Findings()
        let plan = resolveResources(said, at: place, &findings)
        for pointer in bad where !findings.errors.contains(where: { $0.pointer == pointer }) {
            return "nothing is wrong with \(pointer.text.shown)"
        }
        return problem(in: plan.files)
    }

    private static func problem(in files: [CgroupFile]) -> String? {
        for file in files {
            if file.name.contains(0x2f) || file.name.isEmpty || file.name == "." || file.name == ".." {
                return "the file \(file.name.shown)"
            }
            if file.value.contains(0x0a) { return "\(file.value.shown) for \(file.name.shown) is more than a line" }
            let dots = file.name.firstIndex(of: 0x2e)
            if dots == nil || dots == 0 || file.controller != file.name.prefix(dots ?? 0) {
                return "the controller of \(file.name.shown)"
            }
            // hugetlb.2MB.max: no part of a size is another file.
            if file.name.hasPrefix("hugetlb."), file.origin.text.hasPrefix("/linux/resources/hugepageLimits"),
                ![3, 4].contains(file.name.split(0x2e, omittingEmpty: false).count)
            {
                return "the file \(file.name.shown)"
            }
        }
        return nil
    }
}
