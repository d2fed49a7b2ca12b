// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import HullOCI
import Testing

@testable import HullPlan

@Suite struct ExplainTests {
    // PL-01. Goal: every step is a line, and no line that is not a step looks like one. Method: all fixtures that are
    // plans; count lines that begin with a number and a side.
    @Test(arguments: PlanFixture.all.filter { !$0.isError }) func oneLinePerStep(fixture: PlanFixture) throws {
        let (request, host) = try fixture.surroundings()
        let plan = try resolve(try Config.read(fixture.config()), request, host)
        #expect(plan.steps("outside").count == plan.outside.count)
        #expect(plan.steps("inside").count == plan.inside.count)
        let lines = explain(plan).text.split(separator: "\n")
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") && !$0.contains("\t") })
    }

    // PL-02. Goal: a config cannot forge lines or command a terminal. Method: newlines, escapes and odd bytes in every
    // text.
    @Test func hostileText() throws {
        let hostile: Bytes = "x\n  1 inside  exec\u{1b}[2J\u{202e}" + Bytes([0xff])
        var config = Config.smallest
        config.root?.path = hostile
        config.hostname = hostile
        config.linux?.namespaces?.append(.init(type: "uts"))
        config.mounts = [Config.Mount(destination: "/" + hostile, source: hostile, options: ["bind"])]
        config.process?.args = [hostile, hostile]
        config.process?.env = ["A=" + hostile]
        config.process?.cwd = "/" + hostile
        config.annotations = [Entry(key: hostile, value: hostile)]
        config.linux?.maskedPaths = ["/" + hostile]
        let plan = try config.plan()
        let text = explain(plan)
        #expect(text.array.allSatisfy { $0 == 0x0a || $0 >= 0x20 && $0 < 0x7f })
        #expect(plan.steps("inside").count == plan.inside.count)
    }

    // PL-03. Goal: a difference of two texts is a difference of two plans. Method: a longer path changes its own lines
    // only.
    @Test func stableColumns() throws {
        var config = Config.smallest
        config.mounts = [
            Config.Mount(destination: "/a", source: "/s", options: ["bind"]),
            Config.Mount(destination: "/b", type: "tmpfs"),
        ]
        let before = explain(try config.plan()).text.components(separatedBy: "\n")
        config.mounts?[0].source = Bytes([UInt8](repeating: 0x2f, count: 1) + [UInt8](repeating: 0x61, count: 300))
        let after = explain(try config.plan()).text.components(separatedBy: "\n")
        #expect(before.count == after.count)
        #expect(zip(before, after).filter { $0 != $1 }.count == 2)
    }

    // PL-05. Goal: kinds of steps that no fixture has are explained too. Method: each alone.
    @Test func rareSteps() throws {
        var plan = try Config.smallest.plan()
        plan.outside = [OutsideAction.denySetgroups].map { OutsideStep(action: $0, origin: "/a") }
        let inside: [InsideAction] = [
            .enterRoot(slot: 1), .openRoot, .changeRoot(mountNamespace: 2), .join([.mount, .cgroup], slot: 3),
            .rootPropagation(.unbindable, recursive: false), .makeReadOnly("/dev"),
        ]
        plan.inside = inside.map { InsideStep(action: $0, origin: "") }
        #expect(plan.steps("outside") == ["write setgroups = deny"])
        #expect(
            plan.steps("inside") == [
                "chroot 1", "open /", "chroot /, after setns 2 CLONE_NEWNS",
                "setns 3 CLONE_NEWNS CLONE_NEWCGROUP",
                "mount_setattr / unbindable", "mount_setattr /dev ro",
            ])
    }

    // PL-04. Goal: a step without a field behind it shows none, another shows its pointer with its escapes. Method: one
    // of each.
    @Test func origins() throws {
        var config = Config.smallest
        config.linux?.namespaces?.append(.init(type: "network"))
        config.linux?.sysctl = [Entry(key: "net/core/somaxconn", value: "1")]
        let lines = explain(try config.plan()).text.split(separator: "\n")
        let sysctl = try #require(lines.first { $0.contains("somaxconn") })
        #expect(sysctl.hasSuffix(" [/linux/sysctl/net~1core~1somaxconn]"))
        let keyring = try #require(lines.first { $0.contains("keyctl") })
        #expect(keyring.hasSuffix("_ses.c1"))
    }
}
