// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Mounts into a container that runs, and may be waiting for them. Debian's runtimes have no such verb.
@Suite(.runnable, .attacks)
struct LiveMounts {
    static let all = [swapped, throughProc, prowled]

    // Goal: a destination is inside whatever becomes of it meanwhile. Method: a directory and a link to the canary
    // change places at each call; a directory and a file are to be mounted below.
    static let swapped = Attack("AT-95") { arena in
        let bundle = try arena.bundle("exec sleep 60") { $0["/root/readonly"] = false }
        let id = arena.scenario.id()
        _ = try arena.start(bundle, id: id)
        let volume = bundle.rootfs + "/vol"
        var step = Step(
            calls: Step.makers, exchanges: (volume + "/x", volume + "/y"), watched: arena.canary.path)
        let list = try document(arena, bundle, ["/vol/x/sub": "data", "/vol/x/new/file": "data/name"])
        var (at, stops) = (0, 1)
        while at <= stops, arena.allHarms().isEmpty {
            Files.remove(volume)
            try Files.makeDirectory(volume + "/x")
            try Files.link(arena.canary.path, at: volume + "/y")
            step.at = at
            try arena.call(["mounts", "add", id, list], bundle, step)
            if at == 0 { stops = arena.log.stops }
            arena.expect(stops > 1, "the stepper saw no call: \(arena.log.text)")
            arena.expect(arena.log.seen.isEmpty, "mounted on the canary: \(arena.log.seen.first ?? "")")
            if arena.victim == .runtime { try arena.call(["mounts", "remove", id, list], bundle) }
            at += 1
        }
    }

    @Test("AT-95 the destination of a mount into a running container becomes a link", .onlyHull)
    func exchangedDestination() throws { try Self.swapped.isRepelled() }

    // Goal: no way to the host leads through /proc. Method: links to descriptors, roots and directories of processes,
    // and the same paths in the document; a directory is to be made behind each.
    static let throughProc = Attack("AT-96") { arena in
        let bundle = try arena.bundle("exec sleep 60") {
            $0["/root/readonly"] = false
            $0["/linux/maskedPaths"] = nil
            $0["/linux/readonlyPaths"] = nil
        }
        let id = arena.scenario.id()
        let pid = try arena.start(bundle, id: id)
        let ways = (3..<10).map { "/proc/self/fd/\($0)" } + ["/proc/self/cwd", "/proc/self/root", "/proc/1/root"]
        for (number, way) in ways.enumerated() {
            try Files.link(way, at: bundle.rootfs + "/link\(number)")
            for place in ["/link\(number)", way] {
                let list = try document(arena, bundle, [place + arena.canary.path + "/made": "data"])
                let before = Files.read("/proc/\(pid)/mountinfo")
                let outcome = try arena.call(["mounts", "add", id, list], bundle)
                arena.expect(!outcome.ok, "\(place) was taken: \(outcome)")
                arena.expect(Files.read("/proc/\(pid)/mountinfo") == before, "\(place) left a mount: \(outcome)")
            }
        }
    }

    @Test("AT-96 the destination of a mount into a running container leads through /proc", .onlyHull)
    func destinationInProc() throws { try Self.throughProc.isRepelled() }

    // Goal: nobody in the container gets hold of the process that mounts. Method: as AT-46, with and without a user
    // namespace, for a mount that needs the container's pid namespace and for one that does not,
    // whose process cannot even be seen.
    static let prowled = Attack("AT-97") { arena in
        for userNamespace in [false, true] where arena.victim == .runtime || !userNamespace {
            let bundle = try arena.bundle("exec sleep 60") {
                $0["/root/readonly"] = false
                $0["/linux/maskedPaths"] = nil
                $0["/linux/readonlyPaths"] = nil
                if userNamespace { $0.userNamespace() }
            }
            let id = arena.scenario.id()
            let pid = try arena.start(bundle, id: id)
            for type in ["tmpfs", "proc"] {
                let list = try document(arena, bundle, ["/mnt": type])
                let isVisible = type == "proc" || arena.victim == .weak
                try Descriptors.prowl(arena, bundle, pid, ["mounts", "add", id, list], visible: isVisible)
            }
        }
    }

    @Test("AT-97 a process of the container looks into the one that mounts", .onlyHull, .needs(.userNamespace))
    func prowledMounter() throws { try Self.prowled.isRepelled() }

    /// A document of binds, or of filesystems; and the same for the weak runtime.
    private static func document(_ arena: Arena, _ bundle: TestBundle, _ mounts: [String: String]) throws -> String {
        let file = bundle.directory + "/mounts.json"
        var list: [JSON] = []
        var plan = "root\t\(bundle.rootfs)\n"
        for (place, source) in mounts.sorted(by: { $0.key < $1.key }) {
            let isBind = source.hasPrefix("data")
            let path = isBind ? bundle.directory + "/" + source : source
            list.append(
                isBind
                    ? ["destination": .string(place), "source": .string(path), "options": ["bind"]]
                    : ["destination": .string(place), "source": .string(path), "type": .string(source)])
            plan += "mount\t\(place)\t\(source)\t\(path)\t\(isBind ? 4096 : 0)\t\n"
        }
        try Files.write(JSON.array(list).text, to: file)
        try Files.write(plan, to: file + ".plan")
        return file
    }

    // Goal: as above. Method: as above.
    @Test("each attack on mounts into a running container bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
