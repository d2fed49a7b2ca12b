// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct OverlayTests {
    private func plan(_ options: [Bytes], at destination: Bytes = "/", kernel: UInt32 = 1) throws -> OverlayPlan {
        var config = Config.smallest
        config.mounts = [Config.Mount(destination: destination, type: "overlay", options: options)]
        var host = HullPlan.Host.usual
        host.kernel = (6, kernel)
        for step in try config.plan(Request(id: "c1", bundle: "/b"), host).inside {
            if case .root(.overlay(let overlay)) = step.action { return overlay }
            if case .mount(let mount) = step.action, case .overlay(let overlay) = mount.what { return overlay }
        }
        throw ConfigErrors([])
    }

    private func layers(_ options: [Bytes]) throws -> [String] {
        var config = Config.smallest
        config.mounts = [Config.Mount(destination: "/", type: "overlay", options: options)]
        return try config.plan().inside.compactMap { step in
            if case .openLayer(let path, _) = step.action { path.text } else { nil }
        }
    }

    private func errors(_ options: [Bytes], at destination: Bytes = "/") -> [String] {
        var config = Config.smallest
        config.mounts = [Config.Mount(destination: destination, type: "overlay", options: options)]
        return config.errors
    }

    // OV-50. Goal: layers are separated as the kernel separates them. Method: a table of values and paths.
    @Test(arguments: [
        ("/a", ["/a"]), ("/a:/b:c", ["/a", "/b", "/b/c"]), ("/a\\:b:/c", ["/a:b", "/c"]),
        ("/a\\\\:/b", ["/a\\", "/b"]),
        ("/a,/b", ["/a"]),
    ]) func separation(value: String, paths: [String]) throws {
        #expect(try layers(["lowerdir=" + Bytes(value)]) == paths)
    }

    // OV-51. Goal: the upper layer is what was asked for. Method: given, read-only, and neither.
    @Test func upper() throws {
        let given = try plan(["lowerdir=/a:/b", "upperdir=/u", "workdir=/w"])
        #expect(given.lower == [0, 1])
        #expect(given.upper?.directory == 2 && given.upper?.work == 3)
        #expect(given.throwAway == nil)
        let readOnly = try plan(["lowerdir=/a", "ro"])
        #expect(readOnly.upper == nil && readOnly.throwAway == nil && readOnly.attributes == .readOnly)
        #expect(try plan(["lowerdir=/a", "rro"]).attributes == .readOnly)
        let thrownAway = try plan(["lowerdir=/a"])
        #expect(thrownAway.upper == nil && thrownAway.throwAway == ThrowAwayLayer() && thrownAway.attributes == [])
    }

    // OV-52. Goal: what else is said reaches the filesystem, in order; its flags too, but read-only only the mount.
    // Method: all.
    @Test func parameters() throws {
        let overlay = try plan(["lowerdir=/a", "metacopy=off", "ro", "userxattr", "sync", "lazytime"])
        #expect(overlay.parameters.map(\.key) == ["metacopy", "userxattr", "sync", "lazytime"])
        #expect(
            overlay.parameters.map(\.origin.text) == [
                "/mounts/0/options/1", "/mounts/0/options/3", "/mounts/0/options", "/mounts/0/options",
            ])
    }

    // OV-53. Goal: each layer by itself where the kernel can. Method: kernels before, at and after 6.7.
    @Test(arguments: [(6, false), (7, true), (12, true)]) func layerByLayer(kernel: UInt32, isSo: Bool) throws {
        #expect(try plan(["lowerdir=/a"], kernel: kernel).layerByLayer == isSo)
    }

    // OV-54. Goal: in a new user namespace, overlay's own attributes go to user.*. Method: with and without, and said
    // already.
    @Test func userAttributes() throws {
        var config = Config.smallest
        config.linux?.namespaces?.append(.init(type: "user"))
        config.linux?.uidMappings = [.init(containerID: 0, hostID: 1, size: 1)]
        config.linux?.gidMappings = [.init(containerID: 0, hostID: 1, size: 1)]
        for said in [["lowerdir=/a"], ["lowerdir=/a", "userxattr"]] as [[Bytes]] {
            config.mounts = [Config.Mount(destination: "/", type: "overlay", options: said)]
            let roots = try config.plan().inside.compactMap { step -> OverlayPlan? in
                if case .root(.overlay(let overlay)) = step.action { overlay } else { nil }
            }
            #expect(roots.map { $0.parameters.map(\.key) } == [["userxattr"]])
        }
        #expect(try plan(["lowerdir=/a"]).parameters.isEmpty)
    }

    // OV-55. Goal: an overlay that is not the root is a mount like others. Method: propagation, and a bind of that
    // type.
    @Test func elsewhere() throws {
        var config = Config.smallest
        config.mounts = [
            Config.Mount(destination: "/a", type: "overlay", options: ["lowerdir=/l", "rslave"]),
            Config.Mount(destination: "/b", source: "/s", type: "overlay", options: ["bind"]),
        ]
        let mounts = try config.plan().inside.compactMap { step -> MountPlan? in
            if case .mount(let mount) = step.action { mount } else { nil }
        }
        #expect(mounts.map(\.destination) == ["/a", "/b"])
        #expect(mounts[0].propagation.map(\.type) == [.slave])
        #expect(mounts[0].propagation.map(\.recursive) == [true])
        guard case .tree = mounts[1].what else { throw ConfigErrors([]) }
    }

    // RF-50. Goal: the root needs no directory opened when it is a union, and only one mount is the root. Method:
    // steps.
    @Test func root() throws {
        var config = Config.smallest
        config.mounts = [Config.Mount(destination: "//./", type: "overlay", options: ["lowerdir=/a"])]
        #expect(try config.plan().steps("outside").allSatisfy { !$0.contains("open_tree") })
        config.mounts?.append(Config.Mount(destination: ".", type: "overlay", options: ["lowerdir=/a"]))
        #expect(config.errors == ["/mounts/1/destination: is the root for the second time"])
    }

    // OV-57. Goal: what may be said of an upper layer. Method: a table of words; nil is an error.
    @Test(
        arguments: [
            ("tmpfs", .tmpfs(size: nil)), ("tmpfs:64m", .tmpfs(size: "64m")), ("tmpfs:10%", .tmpfs(size: "10%")),
            ("tmpfs:4096", .tmpfs(size: "4096")), ("/a/b/../c", .directory("/a/c")), ("d", .directory("/base/d")),
            ("./tmpfs", .directory("/base/tmpfs")), ("", nil), ("tmpfs:", nil), ("tmpfs:0", nil), ("tmpfs:0m", nil),
            ("tmpfs:m", nil), ("tmpfs:64q", nil), ("tmpfs:64m,mode=0", nil), ("tmpfs:-1", nil),
        ] as [(String, UpperLayer?)]) func words(text: String, expected: UpperLayer?)
    {
        #expect((try? UpperLayer(Bytes(text), in: "/base")) == expected)
    }

    // OV-58. Goal: one answer to where changes go. Method: a union that says it, with the caller's wish by annotation;
    // a wish without words, and layers without a wish.
    @Test func saidTwice() throws {
        var config = Config.smallest
        config.annotations = [Entry(key: "run.hull.overlay", value: "tmpfs:1m")]
        for options in [["lowerdir=/a", "ro"], ["lowerdir=/a", "upperdir=/u", "workdir=/w"]] as [[Bytes]] {
            config.mounts = [Config.Mount(destination: "/", type: "overlay", options: options)]
            #expect(
                config.errors == [
                    "/mounts/0/options: the union has said where changes go, and the caller says it again"
                ])
        }
        config.mounts = [Config.Mount(destination: "/", type: "overlay", options: ["lowerdir=/a"])]
        let roots = try config.plan().inside.compactMap { step -> OverlayPlan? in
            if case .root(.overlay(let overlay)) = step.action { overlay } else { nil }
        }
        #expect(roots.map(\.throwAway) == [ThrowAwayLayer(size: "1m")])
        config.annotations = [Entry(key: "run.hull.overlay", value: "tmpfs:x")]
        #expect(config.errors == ["/annotations/run.hull.overlay: \"x\" is not a size of a tmpfs"])
        config.annotations = [Entry(key: "run.hull.overlay.lower", value: "/a")]
        #expect(config.errors == ["/annotations/run.hull.overlay.lower: has no use without run.hull.overlay"])
    }

    // Goal: each mistake at its place. Method: a table.
    @Test(arguments: [
        (["upperdir=/u", "workdir=/w"], ["/mounts/0/options: an overlay needs lowerdir="]),
        (["lowerdir="], ["/mounts/0/options/0: a layer's path is empty"]),
        (["lowerdir=/a:"], ["/mounts/0/options/0: a layer's path is empty"]),
        (["lowerdir=/a", "upperdir=/u"], ["/mounts/0/options/1: upperdir and workdir are only used together"]),
        (["lowerdir=/a", "workdir=/u"], ["/mounts/0/options/1: upperdir and workdir are only used together"]),
        (
            ["lowerdir=/a", "idmap=uids=0-1-1;gids=0-1-1"],
            ["/mounts/0/options/1: a mount of type overlay takes no id map"]
        ),
        (["lowerdir=/a", "rslave"], ["/mounts/0/options: the propagation of the root is not said here"]),
        (["rbind"], ["/mounts/0/destination: only a mount of type overlay can be the root"]),
    ]) func wrong(options: [String], expected: [String]) {
        #expect(errors([Bytes](texts: options)) == expected)
    }

    // OV-56. Goal: an overlay covers nothing that decides about processes. Method: destinations in /proc.
    @Test func proc() {
        #expect(
            errors(["lowerdir=/a"], at: "/proc") == ["/mounts/0/destination: only a procfs can be mounted on /proc"])
        #expect(
            errors(["lowerdir=/a"], at: "/proc/sys/kernel") == [
                "/mounts/0/destination: \"/proc/sys/kernel\" cannot be covered: it is inside /proc"
            ])
    }
}
