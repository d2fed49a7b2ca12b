// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import HullPlan
import Testing

/// (UP-03 UP-13)
@Suite struct UpdateTests {
    private static func resources(_ text: String) throws(ConfigErrors) -> Config.Linux.Resources {
        try Config.Linux.Resources.read(Array(text.utf8))
    }

    private var host: Host {
        var host = Host()
        host.controllers = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"]
        host.cgroupMount = "/sys/fs/cgroup"
        return host
    }

    // Goal: what is said is written, by what was there before; what is not said stays. Method: a table of the resources
    // before, the document, the files and the resources after.
    @Test(arguments: [
        (#"{}"#, #"{"pids":{"limit":5}}"#, ["pids.max=5"], #"{"pids":{"limit":5}}"#),
        (
            #"{"pids":{"limit":5}}"#, #"{"memory":{"limit":100}}"#, ["memory.max=100"],
            #"{"memory":{"limit":100},"pids":{"limit":5}}"#
        ),
        // Swap is counted with memory in the document and alone by the kernel.
        (
            #"{"memory":{"limit":100,"swap":150}}"#, #"{"memory":{"limit":200}}"#, ["memory.max=200"],
            #"{"memory":{"limit":200,"swap":250}}"#
        ),
        (
            #"{"memory":{"limit":100}}"#, #"{"memory":{"swap":180}}"#, ["memory.swap.max=80", "memory.max=100"],
            #"{"memory":{"limit":100,"swap":180}}"#
        ),
        (
            #"{"memory":{"limit":100}}"#, #"{"memory":{"limit":0,"reservation":7}}"#, ["memory.low=7"],
            #"{"memory":{"limit":100,"reservation":7}}"#
        ),
        (
            #"{"cpu":{"quota":50000,"period":60000}}"#, #"{"cpu":{"quota":40000}}"#, ["cpu.max=40000"],
            #"{"cpu":{"quota":40000,"period":60000}}"#
        ),
        (
            #"{"cpu":{"quota":50000}}"#, #"{"cpu":{"period":70000}}"#, ["cpu.max=50000 70000"],
            #"{"cpu":{"quota":50000,"period":70000}}"#
        ),
        (
            #"{"cpu":{"quota":50000}}"#, #"{"cpu":{"burst":10}}"#, ["cpu.max=50000", "cpu.max.burst=10"],
            #"{"cpu":{"quota":50000,"burst":10}}"#
        ),
        (
            #"{"unified":{"memory.high":"1"}}"#, #"{"unified":{"memory.high":"2","pids.max":"3"}}"#,
            ["memory.high=2", "pids.max=3"], #"{"unified":{"memory.high":"2","pids.max":"3"}}"#
        ),
        (
            #"{"devices":[{"allow":false}]}"#, #"{"devices":[{"allow":false}],"pids":{"limit":1}}"#, ["pids.max=1"],
            #"{"devices":[{"allow":false}],"pids":{"limit":1}}"#
        ),
    ])
    func table(_ before: String, _ said: String, _ files: [String], _ after: String) throws {
        let plan = try resolveUpdate(Self.resources(said), before: Self.resources(before), host)
        #expect(plan.files.map { "\($0.name.text)=\($0.value.text)" } == files)
        #expect(Bytes(JSONWriter.text(of: plan.resources)).text == after)
    }

    // UP-14. Goal: another list of devices is another filter, a list that decides the same is none. Method: a table of
    // lists before and after.
    @Test(arguments: [
        (#"[{"allow":false}]"#, #"[{"allow":false},{"allow":true,"type":"c","major":7}]"#, true),
        (#"[{"allow":true,"type":"c","major":7}]"#, "[]", true),
        (#"[{"allow":false}]"#, #"[{"allow":false},{"allow":false,"type":"b"}]"#, false),
        ("[]", #"[{"allow":false,"access":"rwm"}]"#, false),
    ])
    func devices(_ before: String, _ said: String, _ isChanged: Bool) throws {
        let now = try Self.resources("{\"devices\":\(said)}")
        let plan = try resolveUpdate(now, before: Self.resources("{\"devices\":\(before)}"), host)
        var findings = Findings()
        let filter = resolveDeviceRules(now.devices, at: "/devices", &findings)
        #expect(plan.deviceFilter == (isChanged ? filter : nil))
        #expect(plan.resources.devices == now.devices && plan.files.isEmpty)
        #expect(try resolveUpdate(Self.resources("{}"), before: plan.resources, host).deviceFilter == nil)
    }

    // Goal: devices and hugepages are merged one by one. Method: one that is there before, one that is new.
    @Test func lists() throws {
        let before = try Self.resources(
            #"{"blockIO":{"weight":10,"throttleReadBpsDevice":"#
                + #"[{"major":8,"minor":0,"rate":1},{"major":8,"minor":1,"rate":2}]}}"#
        )
        let said = try Self.resources(#"{"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":3}]}}"#)
        let plan = try resolveUpdate(said, before: before, host)
        #expect(plan.files.map(\.value) == ["8:0 rbps=3"])
        #expect(plan.resources.blockIO?.weight == 10)
        #expect(plan.resources.blockIO?.throttleReadBpsDevice?.map(\.rate) == [2, 3])
    }

    // Goal: what cannot be done is refused at its place. Method: a table.
    @Test(arguments: [
        (#"{}"#, #"{"cpu":{"quota":1}}"#, "/cpu/quota"), (#"{}"#, #"{"memory":{"swap":5}}"#, "/memory/swap"),
        (#"{"cpu":{"quota":5000}}"#, #"{"cpu":{"burst":6000}}"#, "/cpu/burst"),
        (#"{"memory":{"limit":100}}"#, #"{"memory":{"swap":50}}"#, "/memory/swap"),
        (#"{}"#, #"{"devices":[{"allow":true,"access":"x"}]}"#, "/devices/0/access"),
        (#"{}"#, #"{"rdma":{"a":{"hcaHandles":1}}}"#, "/rdma/a"),
    ])
    func refused(_ before: String, _ said: String, _ pointer: String) throws {
        do throws(ConfigErrors) {
            _ = try resolveUpdate(Self.resources(said), before: Self.resources(before), host)
            Issue.record("accepted")
        } catch {
            #expect(error.list.map(\.pointer.text.text) == [pointer])
        }
    }

    // Goal: a check is asked for by the document or by the config before it. Method: each.
    @Test func checkBeforeUpdate() throws {
        let limit = try Self.resources(#"{"memory":{"limit":100}}"#)
        let check = try Self.resources(#"{"memory":{"limit":200,"checkBeforeUpdate":true}}"#)
        #expect(try resolveUpdate(limit, before: check, host).leastMemory?.limit == 100)
        #expect(try resolveUpdate(check, before: limit, host).leastMemory?.limit == 200)
        #expect(try resolveUpdate(limit, before: limit, host).leastMemory == nil)
    }
}
