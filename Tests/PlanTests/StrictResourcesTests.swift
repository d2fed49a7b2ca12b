// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import HullPlan
import Testing

/// Limits whose controller a caller cannot have. (RS-70 RS-71 RS-72)
@Suite struct StrictResourcesTests {
    private func host(unprivileged: Bool) -> HullPlan.Host {
        var host = HullPlan.Host.usual
        host.isUnprivileged = unprivileged
        host.delegatedCgroup = "/"
        host.controllers = ["cpu", "pids"]
        if unprivileged { host.controllersFile = "/sys/fs/cgroup/user.slice/cgroup.controllers" }
        return host
    }

    private func resolved(_ resources: String, strict: Bool, _ host: HullPlan.Host) throws -> ContainerPlan {
        let text =
            #"{"ociVersion":"1.3.0","root":{"path":"r"},"process":{"cwd":"/","args":["/x"],"user":{"uid":0,"gid":0}},"#
            + #""linux":{"namespaces":[{"type":"mount"}],"resources":\#(resources)}}"#
        var request = Request(id: "c1", bundle: "/b")
        request.strictResources = strict
        return try resolve(try Config.read(Array(text.utf8)), request, host)
    }

    private static let limits = #"{"memory":{"limit":1048576,"reservation":4096},"pids":{"limit":5}}"#

    // Goal: without privileges a limit that cannot be applied is a warning with the controller, the file and the
    // remedy, and the others are applied. Method: two of three controllers.
    @Test func warned() throws {
        let plan = try resolved(Self.limits, strict: false, host(unprivileged: true))
        let warning = try #require(plan.warnings.first)
        #expect(plan.warnings.count == 1 && warning.pointer == "/linux/resources/memory/limit")
        #expect(warning.problem == "not applied: the memory controller is not delegated to this user")
        let remedy =
            "/sys/fs/cgroup/user.slice/cgroup.controllers has: cpu pids; an administrator delegates more by a drop-in "
            + "of user@.service: [Service] Delegate=cpu cpuset io memory pids (--strict-resources: an error)"
        #expect(warning.hint?.text == remedy)
        let steps = plan.steps("outside").joined(separator: "\n")
        #expect(steps.contains("pids.max") && !steps.contains("memory"), "\(steps)")
    }

    // Goal: it is an error for who wants all limits or none, and for root, in words of its own. Method: both.
    @Test(arguments: [
        (true, true, "the memory controller is not delegated to this user"),
        (false, false, "the memory controller is not in this machine's cgroup2 tree"),
        (true, false, "the memory controller is not in this machine's cgroup2 tree"),
    ])
    func refused(_ strict: Bool, _ unprivileged: Bool, _ words: String) throws {
        do {
            _ = try resolved(Self.limits, strict: strict, host(unprivileged: unprivileged))
            Issue.record("accepted")
        } catch let errors as ConfigErrors {
            #expect(errors.list.map(\.problem.text) == [words])
            #expect(errors.list[0].pointer == "/linux/resources/memory/limit")
        }
    }

    // Goal: an update goes by the same rule. Method: the same limits.
    @Test func update() throws {
        let said = try Config.Linux.Resources.read(Array(Self.limits.utf8))
        let plan = try resolveUpdate(said, before: Config.Linux.Resources(), host(unprivileged: true))
        #expect(plan.files.map(\.name) == ["pids.max"] && plan.warnings.count == 1)
        #expect(throws: ConfigErrors.self) {
            try resolveUpdate(said, before: Config.Linux.Resources(), host(unprivileged: true), strict: true)
        }
    }

    // Goal: a controller that the kernel is too old for is told from one that is not there. Method: dmem, before and
    // since the kernel that brings it.
    @Test(arguments: [((6, 13), true), ((6, 14), false)] as [((UInt32, UInt32), Bool)])
    func young(_ kernel: (UInt32, UInt32), _ isOld: Bool) {
        var host = host(unprivileged: false)
        host.kernel = (kernel.0, kernel.1)
        do {
            _ = try resolved(#"{"unified":{"dmem.max":"drm/0 1"}}"#, strict: false, host)
            Issue.record("accepted")
        } catch {
            let found = (error as? ConfigErrors)?.list.first
            #expect(found?.problem == "the dmem controller is not in this machine's cgroup2 tree")
            #expect(found?.hint?.text.hasSuffix("; Linux 6.14 brings it") == isOld)
        }
    }
}
