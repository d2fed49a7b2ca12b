// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// The Debian root below layers: which file is seen, and that nobody writes into what others share.
@Suite(.runnable, .python, .serialized)
struct Layers {
    /// A container on the root with Python and the given layers over it, the first on top.
    private func bundle(_ s: Scenario, _ layers: [String], _ words: [String], _ edit: (inout JSON) -> Void = { _ in })
        throws
        -> TestBundle
    {
        let lower = "lowerdir=" + (layers + [try PythonRoot.path.get()]).joined(separator: ":")
        return try s.bundle(words) {
            $0["/root/readonly"] = false
            $0["/process/cwd"] = "/srv/app"
            let root: JSON = ["destination": "/", "type": "overlay", "source": "overlay", "options": [.string(lower)]]
            $0["/mounts"] = .array([root] + ($0["/mounts"]?.array ?? []))
            edit(&$0)
        }
    }

    /// A layer with an app.py that says its name.
    private func layer(_ s: Scenario, _ name: String) throws -> String {
        let layer = s.directory + "/" + name
        try Files.makeDirectory(layer + "/srv/app")
        try Files.write("print('\(name)', flush=True)\n", to: layer + "/srv/app/app.py")
        try Files.write("\(name)\n", to: layer + "/srv/app/only-\(name)")
        return layer
    }

    // Goal: of two files with one name the upper is seen. Method: an app.py in both layers, in both orders.
    @Test("the upper of two layers wins", .timeLimit(.minutes(3)))
    func collide() throws {
        try scenario { s in
            let layers = [try layer(s, "one"), try layer(s, "two")]
            for (order, name) in [(layers, "one"), (layers.reversed(), "two")] {
                let bundle = try bundle(s, order, ["sh", "-c", "python3 app.py; ls"])
                let outcome = try s.runtime("run", "--bundle", bundle.directory, s.id())
                #expect(outcome.lines == [name, "app.py", "only-one", "only-two"], "\(outcome)")
            }
        }
    }

    /// Names, modes, owners, times and content of a tree in one number.
    private func hash(_ tree: String) throws -> String {
        let form = "--sort=name --numeric-owner --format=pax --pax-option=delete=atime,delete=ctime"
        let words = "tar \(form) -C '\(tree)' -cf - . | sha256sum"
        let outcome = try host(["sh", "-c", words], within: 120)
        try #require(outcome.ok && !outcome.stdout.isEmpty, "\(outcome)")
        return outcome.stdout
    }

    // Goal: one root for many. Method: ten at once write the same names, change and remove what is below; each sees its
    // own.
    @Test("ten containers at once on one root", .timeLimit(.minutes(5)))
    func many() throws {
        try scenario { s in
            let shared = [try layer(s, "one"), try layer(s, "two")]
            let trees = shared + [try PythonRoot.path.get()]
            let before = try trees.map(hash)
            let program = """
                import os, sys, time
                name = sys.argv[1]
                open("/etc/mine", "w").write(name)
                open("/etc/passwd", "a").write(name)
                os.remove("only-two")
                os.mkdir("/srv/" + name)
                time.sleep(1)
                assert open("/etc/mine").read() == name
                assert open("/etc/passwd").read().endswith(name)
                print(name, sorted(os.listdir("/srv")), sorted(os.listdir(".")))
                """
            let calls = try (0..<10).map { number in
                let bundle = try bundle(s, shared, ["python3", "-c", program, "n\(number)"]) {
                    $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("n\(number)"))
                }
                return try s.runtime.start(["run", "--bundle", bundle.directory, s.id()])
            }
            for (number, call) in calls.enumerated() {
                let outcome = call.outcome(within: 120)
                #expect(outcome.ok, "\(outcome)")
                #expect(outcome.lines == ["n\(number) ['app', 'n\(number)'] ['app.py', 'only-one']"], "\(outcome)")
            }
            #expect(try trees.map(hash) == before)
        }
    }
}
