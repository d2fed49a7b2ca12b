// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullCommandLine
import HullImage
import HullOCI
import HullPlan
import Testing

@Suite struct ConversionTests {
    private let user = ImageUser.root

    private func convert(
        _ wishes: Conversion.Wishes = Conversion.Wishes(), user: ImageUser = .root,
        _ say: (inout ImageConfiguration.Execution) -> Void
    ) throws -> (config: Config, warnings: [ConfigError]) {
        var image = ImageConfiguration(platform: Platform(os: "linux", architecture: "arm", variant: "v7"))
        image.config.cmd = ["sh"]
        say(&image.config)
        var conversion = Conversion(image, wishes)
        let config = try conversion.config(over: try defaults(), user: user)
        return (config, conversion.warnings)
    }

    private func defaults() throws -> Config { try Config.read(DefaultConfig.privileged.text.array) }

    // Goal: the program is Entrypoint and Cmd, or what the caller says in Cmd's place (IA-30). Method: a table.
    @Test func arguments() throws {
        func args(_ entrypoint: [Bytes]?, _ cmd: [Bytes]?, _ said: [Bytes]? = nil) throws -> [Bytes]? {
            var wishes = Conversion.Wishes()
            wishes.arguments = said
            return try convert(wishes) {
                $0.entrypoint = entrypoint
                $0.cmd = cmd
            }.config.process?.args
        }
        #expect(try args(["e"], ["c", "d"]) == ["e", "c", "d"])
        #expect(try args(["e"], nil) == ["e"])
        #expect(try args(nil, ["c"]) == ["c"])
        #expect(try args(["e"], ["c"], ["x", "y"]) == ["e", "x", "y"])
        #expect(try args(["e"], ["c"], []) == ["e"])
        #expect(try args(nil, ["c"], ["x"]) == ["x"])
        for (entrypoint, cmd) in [(nil, nil), ([], []), ([""], ["c"])] as [([Bytes]?, [Bytes]?)] {
            expectError(at: "/config/Cmd") { () throws(ConfigErrors) in
                do { _ = try args(entrypoint, cmd) } catch let error as ConfigErrors { throw error } catch {}
            }
        }
    }

    // Goal: the image's environment is taken as it is; what it does not say is added (IA-31). Method: with and without.
    @Test func environment() throws {
        let bare = try convert { _ in }.config.process?.env
        #expect(bare?.map { $0.split(0x3d)[0] } == ["PATH", "HOME"])
        #expect(bare?.last == "HOME=/root")
        let said: [Bytes] = ["HOME=/x", "PATH=", "A=1", "A=2", "TERM=dumb"]
        #expect(try convert { $0.env = said }.config.process?.env == said)
        var wishes = Conversion.Wishes()
        wishes.terminal = true
        #expect(
            try convert(wishes) { $0.env = ["PATH=/a"] }.config.process?.env == ["PATH=/a", "TERM=xterm", "HOME=/root"])
        let (config, warnings) = try convert { $0.env = ["A", "=b", "PATH=/a", "HOME="] }
        #expect(config.process?.env == ["PATH=/a", "HOME="])
        #expect(warnings.map(\.pointer.text) == ["/config/Env/0", "/config/Env/1"])
    }

    // Goal: directory and user arrive, the directory as an absolute path (IA-32, IA-33). Method: a table; a user.
    @Test func directoryAndUser() throws {
        for (said, cwd) in [
            (nil, "/"), ("", "/"), ("/srv", "/srv"), ("srv", "/srv"), ("/a/../../b", "/b"), ("..", "/"),
        ] as [(Bytes?, Bytes)] {
            #expect(try convert { $0.workingDir = said }.config.process?.cwd == cwd)
        }
        let alice = try ImageUser(
            "alice", passwd: "alice:x:7:8::/home/alice:", group: "audio:x:9:alice")
        let process = try convert(user: alice) { _ in }.config.process
        #expect(process?.user?.uid == 7)
        #expect(process?.user?.gid == 8)
        #expect(process?.user?.additionalGids == [8, 9])
        #expect(process?.env?.last == "HOME=/home/alice")
        #expect(try convert { _ in }.config.process?.user?.additionalGids == nil)
    }

    // Goal: a volume is a file system of its own below the root, and none is where the image should not reach (IA-34:
    // CVE-2022-23648). Method: a list of good and bad ones.
    @Test func volumes() throws {
        let volumes: [Bytes] = [
            "/data/inner", "/data", "data/", "/", "/proc/x", "/sys/fs/cgroup", "/dev/shm", "/device", "/a/../etc", "..",
            "",
        ]
        let (config, warnings) = try convert { $0.volumes = volumes }
        let added = (config.mounts ?? []).dropFirst(try defaults().mounts?.count ?? 0)
        #expect(added.map(\.destination) == ["/data", "/data/inner", "/device"])
        #expect(added.allSatisfy { $0.type == "tmpfs" && $0.source == "tmpfs" })
        #expect(added.first?.options == ["nosuid", "nodev", "tmpcopyup"])
        #expect(
            warnings.map(\.pointer.text) == [
                "/config/Volumes/~1", "/config/Volumes/~1proc~1x", "/config/Volumes/~1sys~1fs~1cgroup",
                "/config/Volumes/~1dev~1shm", "/config/Volumes/~1a~1..~1etc", "/config/Volumes/..", "/config/Volumes/",
            ])
    }

    // Goal: what the image says of itself becomes annotations, labels first (IA-35). Method: all of it, and a label
    // that says the same otherwise.
    @Test func annotations() throws {
        var image = ImageConfiguration(
            platform: Platform(os: "linux", architecture: "arm", variant: "v7", osVersion: "1", osFeatures: ["f", "g"]))
        image.author = "Alyssa"
        image.created = "2015-10-31T22:22:56Z"
        image.config.cmd = ["sh"]
        image.config.stopSignal = "SIGRTMIN+3"
        image.config.exposedPorts = ["80/tcp", "53/udp"]
        image.config.labels = [
            Entry(key: "org.opencontainers.image.author", value: "other"), Entry(key: "k", value: ""),
        ]
        var conversion = Conversion(image, Conversion.Wishes())
        let all = try #require(try conversion.config(over: defaults(), user: .root).annotations)
        let prefix: Bytes = "org.opencontainers.image."
        #expect(
            all == [
                Entry(key: prefix + "author", value: "other"), Entry(key: "k", value: ""),
                Entry(key: prefix + "os", value: "linux"), Entry(key: prefix + "architecture", value: "arm"),
                Entry(key: prefix + "variant", value: "v7"), Entry(key: prefix + "os.version", value: "1"),
                Entry(key: prefix + "os.features", value: "f,g"),
                Entry(key: prefix + "created", value: "2015-10-31T22:22:56Z"),
                Entry(key: prefix + "stopSignal", value: "SIGRTMIN+3"),
                Entry(key: prefix + "exposedPorts", value: "80/tcp,53/udp"),
            ])
    }

    // Goal: a label cannot command the runtime (IA-36). Method: every annotation that hull obeys, some of the peers'.
    @Test func commandingLabels() throws {
        let keys =
            KnownAnnotation.allCases.map(\.name) + [
                unitPropertyPrefix + "ExecStart", "org.criu.config", "run.oci.handler", "module.wasm.image/variant",
            ]
        let (config, warnings) = try convert { execution in
            execution.labels = keys.map { Entry(key: $0, value: "x") } + [Entry(key: "run.other", value: "y")]
        }
        let left = config.annotations?.map(\.key).filter { !$0.hasPrefix("org.opencontainers.") }
        #expect(left == ["run.other"])
        #expect(warnings.count == keys.count)
    }

    // Goal: a root of layers is asked for by hull's annotations, whatever is in the paths (IA-37). Method: a path with
    // separators in it.
    @Test func layers() throws {
        var wishes = Conversion.Wishes()
        wishes.lowerLayers = ["/s/b:c\\d", "/s/a"]
        let config = try convert(wishes) { _ in }.config
        #expect(KnownAnnotation.overlay.value(in: config.annotations) == "tmpfs")
        #expect(KnownAnnotation.overlayLower.value(in: config.annotations) == #"/s/b\:c\\d:/s/a"#)
        #expect(config.root == Config.Root(path: "rootfs", readonly: false))
        #expect(config.ociVersion == specVersion)
    }

    // Goal: what an image does not say stays as hull's default has it (IA-38). Method: the rest of the configuration.
    @Test func restOfDefault() throws {
        let (base, config) = (try defaults(), try convert { $0.volumes = ["/v"] }.config)
        #expect(config.linux == base.linux)
        #expect(config.ociVersion == "1.0.2")
        #expect(config.process?.capabilities == base.process?.capabilities)
        #expect(config.process?.noNewPrivileges == true)
        #expect(config.process?.terminal == false)
        #expect(config.hostname == base.hostname)
        #expect(config.mounts?.prefix(base.mounts?.count ?? 0).elementsEqual(base.mounts ?? []) == true)
        #expect(try Config.read(JSONWriter.text(of: config, .blanks(4))) == config)
    }

    // Goal: an image of another system is refused (IA-39). Method: one.
    @Test func otherSystem() throws {
        var conversion = Conversion(
            ImageConfiguration(platform: Platform(os: "windows", architecture: "amd64")), Conversion.Wishes())
        let base = try defaults()
        expectError(at: "/os") { () throws(ConfigErrors) in _ = try conversion.config(over: base, user: .root) }
    }
}

extension ImageUser {
    fileprivate static var root: ImageUser {
        (try? ImageUser(nil, passwd: "root:x:0:0::/root:", group: "")) ?? alien
    }
    private static var alien: ImageUser { preconditionFailure("root is somebody") }
}
