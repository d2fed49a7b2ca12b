// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct HooksTests {
    private func config(_ hooks: (inout Config.Hooks) -> Void) -> Config {
        var config = Config.smallest
        var said = Config.Hooks()
        hooks(&said)
        config.hooks = said
        return config
    }

    // Goal: each kind has its point of the lists. Method: one kind at a time; the steps that come with it.
    @Test func points() throws {
        let hook = [Config.Hook(path: "/h")]
        let plain = try Config.smallest.plan()
        func added(_ hooks: (inout Config.Hooks) -> Void) throws -> [String] {
            let plan = try config(hooks).plan()
            let old = plain.steps("outside") + plain.steps("inside")
            return (plan.steps("outside") + plan.steps("inside")).filter { !old.contains($0) }
        }
        let runtime = ["execve prestart hooks: 0", "execve createRuntime hooks: 1", "poll hooks of the runtime"]
        #expect(try added { $0.createRuntime = hook } == runtime)
        #expect(try added { $0.prestart = hook }[0] == "execve prestart hooks: 1")
        #expect(try added { $0.createContainer = hook } == ["execve createContainer hook /h"])
        #expect(try added { $0.startContainer = hook } == [])
        #expect(try added { $0.poststart = hook } == [])
        #expect(try added { $0.poststop = hook } == [])
        #expect(try added { $0.prestart = [] } == [])
    }

    // MP-50. Goal: createContainer hooks run after the mounts and before anything is hidden or read-only. Method: a
    // read-only root with masked and read-only paths; the order of the steps.
    @Test func order() throws {
        var config = config { $0.createContainer = [.init(path: "/h")] }
        config.root?.readonly = true
        config.linux?.maskedPaths = ["/m"]
        config.linux?.readonlyPaths = ["/r"]
        config.mounts = [Config.Mount(destination: "/a", type: "tmpfs")]
        let words = [
            "move_mount tmpfs -> /a", "execve createContainer hook /h", "mount_setattr /r rro",
            "move_mount nothing -> /m",
            "mount_setattr / ro", "pivot_root /",
        ]
        #expect(try config.plan().steps("inside").filter(words.contains) == words)
    }

    // HK-35. Goal: files for the output are opened before the process exists, for hooks that it runs, and only then.
    // Method: both annotations with hooks of one kind; a path that begins in the bundle.
    @Test func outputs() throws {
        let annotations: [Entry<Bytes>] = [
            Entry(key: "run.oci.hooks.stdout", value: "/log/out"), Entry(key: "run.oci.hooks.stderr", value: "err"),
        ]
        let hook = [Config.Hook(path: "/h")]
        for (config, isOpened) in [
            (config { $0.createContainer = hook }, true), (config { $0.startContainer = hook }, true),
            (config { $0.createRuntime = hook }, false), (Config.smallest, false),
        ] {
            var said = config
            said.annotations = annotations
            let plan = try said.plan()
            let steps = plan.outside.filter { if case .openHookOutput = $0.action { true } else { false } }
            #expect(
                steps.map(\.origin)
                    == (isOpened ? ["/annotations/run.oci.hooks.stdout", "/annotations/run.oci.hooks.stderr"] : []))
            #expect(plan.hooks.output?.path == (said.hooks == nil ? nil : "/log/out"))
            #expect(plan.hooks.errors?.path == (said.hooks == nil ? nil : "/b/err"))
            #expect((plan.hooks.errors?.slot != nil) == isOpened)
        }
        #expect(try config { $0.createContainer = hook }.plan().hooks.output == nil)
    }

    // Goal: what a hook is given. Method: nothing said, empty, everything.
    @Test func values() throws {
        let plan = try config {
            $0.poststop = [
                .init(path: "/a"), .init(path: "/b", args: [], env: []),
                .init(path: "/c", args: ["x", ""], env: ["A=1"], timeout: 2_147_483),
            ]
        }.plan()
        let hooks = plan.hooks[.poststop]
        #expect(hooks.map(\.arguments) == [["/a"], ["/b"], ["x", ""]])
        #expect(hooks.map(\.environment) == [nil, [], ["A=1"]])
        #expect(hooks.map(\.timeoutMilliseconds) == [nil, nil, 2_147_483_000])
        #expect(hooks.map(\.origin) == ["/hooks/poststop/0", "/hooks/poststop/1", "/hooks/poststop/2"])
        #expect(plan.hooks[.prestart].isEmpty)
    }

    // Goal: each mistake of each kind at its place. Method: every kind with a relative path and impossible timeouts.
    @Test func wrong() {
        let hooks = [
            Config.Hook(path: ""), Config.Hook(path: "bin/x"), Config.Hook(path: "/x", timeout: 0),
            Config.Hook(path: "/x", timeout: .min), Config.Hook(path: "/x", timeout: 2_147_484),
        ]
        let found = config {
            $0.prestart = hooks
            $0.createRuntime = hooks
            $0.createContainer = hooks
            $0.startContainer = hooks
            $0.poststart = hooks
            $0.poststop = hooks
        }.errors
        #expect(
            found
                == HookKind.allCases.flatMap { kind in
                    [
                        "/hooks/\(kind.name.text)/0/path: \"\" is not an absolute path",
                        "/hooks/\(kind.name.text)/1/path: \"bin/x\" is not an absolute path",
                        "/hooks/\(kind.name.text)/2/timeout: 0 is not a number of seconds above 0",
                        "/hooks/\(kind.name.text)/3/timeout: -9223372036854775808 is not a number of seconds above 0",
                        "/hooks/\(kind.name.text)/4/timeout: 2147484 is more than the 2147483 seconds of poll(2)",
                    ]
                })
    }
}
