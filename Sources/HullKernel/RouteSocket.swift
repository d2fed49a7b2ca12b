// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// A socket of rtnetlink(7): it speaks of the network namespace in which it was made, wherever the process is later.
package struct RouteSocket: ~Copyable {
    private let socket: Descriptor
    private var sequence: UInt32 = 0

    /// Of the process's own network namespace.
    package init() throws(SystemError) {
        socket = Descriptor(owning: try check(chull_route_socket(), "socket", "NETLINK_ROUTE"))
    }

    /// Of another network namespace, which the process is in for this one call.
    package init(in namespace: Int32) throws(SystemError) {
        let own = try Descriptor(opening: "/proc/self/ns/net")
        try CurrentProcess.join([.network], namespace)
        let number = chull_route_socket()
        try CurrentProcess.join([.network], own.number)
        socket = Descriptor(owning: try check(number, "socket", "NETLINK_ROUTE"))
    }

    /// The device of a name; nil where there is none.
    package mutating func link(named name: Bytes) throws(SystemError) -> NetworkLink? {
        do throws(SystemError) {
            return try ask(NetworkLink.asking(for: name), "RTM_GETLINK", name).lazy.compactMap(NetworkLink.init).first
        } catch {
            if error.errno == .enodev { return nil }
            throw error
        }
    }

    /// The device of a number; nil where there is none.
    package mutating func link(at index: Int32) throws(SystemError) -> NetworkLink? {
        do throws(SystemError) {
            let request = NetworkLink.request(Int(RTM_GETLINK), flags: 0, index: index)
            return try ask(request, "RTM_GETLINK", "\(index)").lazy.compactMap(NetworkLink.init).first
        } catch {
            if error.errno == .enodev { return nil }
            throw error
        }
    }

    /// A number that no device has.
    package mutating func freeIndex() throws(SystemError) -> Int32 {
        let request = NetworkLink.request(Int(RTM_GETLINK), flags: NLM_F_DUMP, index: 0)
        return (try ask(request, "RTM_GETLINK").compactMap(NetworkLink.init).map(\.index).max() ?? 0) + 1
    }

    /// All addresses of a device that move along with it.
    package mutating func keptAddresses(of index: Int32) throws(SystemError) -> [NetworkAddress] {
        try ask(NetworkAddress.askingForAll, "RTM_GETADDR").compactMap(NetworkAddress.init)
            .filter { $0.index == index && $0.isKept }
    }

    /// Moves a device into another network namespace, with a name and a number if they are not to stay.
    package mutating func move(
        _ link: NetworkLink, to namespace: Int32, name: Bytes?, newIndex: Int32?
    ) throws(SystemError) {
        let request = NetworkLink.moving(link.index, to: namespace, name: name, newIndex: newIndex)
        _ = try ask(request, "RTM_SETLINK", link.name)
    }

    /// Adds an address that the device had under a former name.
    package mutating func add(
        _ address: NetworkAddress, to link: NetworkLink, formerly former: Bytes
    ) throws(SystemError) {
        _ = try ask(address.adding(to: link.index, name: link.name, formerly: former), "RTM_NEWADDR", link.name)
    }

    /// Sets a device up.
    package mutating func setUp(_ link: NetworkLink) throws(SystemError) {
        let request = NetworkLink.request(Int(RTM_SETLINK), flags: NLM_F_ACK, index: link.index, up: true)
        _ = try ask(request, "RTM_SETLINK", link.name)
    }

    /// Sends a request and gathers the answer: one message, many with an end, or what the kernel thinks of it.
    private mutating func ask(
        _ request: RouteMessage, _ call: Bytes, _ object: Bytes = ""
    ) throws(SystemError) -> [RouteMessage] {
        sequence += 1
        try Sockets.send(request.bytes(sequence: sequence), to: socket.number)
        var answers: [RouteMessage] = []
        while true {
            let bytes = try Sockets.receive(from: socket.number).message.array
            for message in RouteMessage.all(in: bytes) where message.sequence == sequence {
                switch Int32(message.type) {
                case NLMSG_DONE: return answers
                case NLMSG_ERROR:
                    let result = message.number(at: 0, as: Int32.self)
                    if result == 0 { return answers }
                    throw SystemError(call, object, Errno(rawValue: -result), detail: reason(message))
                default:
                    answers.append(message)
                    if Int32(message.flags) & NLM_F_MULTI == 0 { return answers }
                }
            }
        }
    }

    /// The kernel's own words: they follow the error's number and the header of the request (NETLINK_EXT_ACK).
    private func reason(_ message: RouteMessage) -> Bytes {
        message.attributes(after: 20).first { $0.type == Int(NLMSGERR_ATTR_MSG.rawValue) }?.text ?? ""
    }
}
