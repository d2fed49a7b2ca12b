// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

/// Network devices on their way from the runtime's network namespace into the container's, and back on failure.
struct NetDeviceMoves: ~Copyable {
    private var host: RouteSocket
    private var container: RouteSocket
    private let hostNamespace: Descriptor
    private let containerNamespace: Descriptor
    private var moved: [Moved] = []

    /// A device that was moved: how it was on the host, and its number in the container.
    private struct Moved {
        let link: NetworkLink
        let addresses: [NetworkAddress]
        let index: Int32
    }

    /// Between the runtime's network namespace and another.
    init(to namespace: consuming Descriptor) throws(SystemError) {
        let here = try RouteSocket()
        let there = try RouteSocket(in: namespace.number)
        let own = try Descriptor(opening: "/proc/self/ns/net")
        host = here
        container = there
        hostNamespace = own
        containerNamespace = namespace
    }

    /// Moves a device, with the addresses that are to be kept, which the kernel takes away, and sets it up.
    mutating func move(_ plan: NetDevicePlan) throws(SystemError) {
        guard let link = try host.link(named: plan.name) else {
            throw SystemError("RTM_GETLINK", plan.name, .enodev)
        }
        // The kernel would move the device first and refuse the name afterwards.
        let wanted = plan.newName ?? link.name
        if !wanted.contains(0x25), try container.link(named: wanted) != nil {
            throw SystemError(
                "RTM_SETLINK", wanted, .eexist, detail: "the container has a network device of that name")
        }
        let addresses = try host.keptAddresses(of: link.index)
        // A number that is taken in the container would be replaced by one that nobody tells.
        let newIndex = try container.link(at: link.index) == nil ? nil : try container.freeIndex()
        // Before the move: it may fail with the device moved and not renamed.
        moved.append(Moved(link: link, addresses: addresses, index: newIndex ?? link.index))
        try host.move(link, to: containerNamespace.number, name: plan.newName, newIndex: newIndex)
        guard let there = try container.link(at: newIndex ?? link.index) else {
            throw SystemError("RTM_GETLINK", wanted, .enodev)
        }
        for address in addresses { try container.add(address, to: there, formerly: link.name) }
        try container.setUp(there)
    }

    /// Moves all devices back to where they were: one that exists in software only would be gone with a new network
    /// namespace. Gives what could not be brought back.
    mutating func undo() -> [Bytes] {
        var leftovers: [Bytes] = []
        while let device = moved.popLast() {
            do throws(SystemError) {
                guard let there = try container.link(at: device.index) else { continue }
                let isFree = try host.link(at: device.link.index) == nil
                try container.move(
                    there, to: hostNamespace.number, name: device.link.name,
                    newIndex: isFree ? device.link.index : nil)
                guard let back = try host.link(named: device.link.name) else { continue }
                for address in device.addresses { try host.add(address, to: back, formerly: there.name) }
                if device.link.isUp { try host.setUp(back) }
            } catch {
                leftovers.append("network device \(device.link.name): \(error.line)")
            }
        }
        return leftovers
    }
}

extension Creation {
    /// Moves a device into the namespace of a slot, or of the container's process.
    mutating func moveNetDevice(_ plan: NetDevicePlan, _ slot: Int?) throws(SystemError) {
        if netDevices == nil {
            let path: Bytes = slot.flatMap { held[$0] }.map { "/proc/self/fd/\($0)" } ?? "/proc/\(record.pid)/ns/net"
            netDevices = try NetDeviceMoves(to: try Descriptor(opening: path))
        }
        try netDevices?.move(plan)
    }
}
