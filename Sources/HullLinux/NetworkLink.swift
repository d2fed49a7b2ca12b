// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes

/// A network device as rtnetlink(7) tells it.
package struct NetworkLink: Equatable, Sendable {
    /// Its number in its network namespace.
    package let index: Int32
    package let name: Bytes
    /// Whether it is up: IFF_UP of netdevice(7).
    package let isUp: Bool

    /// IFNAMSIZ of linux/if.h, the NUL counted.
    package static let nameSize = 16

    /// What a message of type RTM_NEWLINK says; nil for any other.
    package init?(_ message: RouteMessage) {
        guard message.type == RTM_NEWLINK, message.body.count >= 16 else { return nil }
        index = message.number(at: 4, as: Int32.self)
        isUp = message.number(at: 8, as: UInt32.self) & 1 != 0
        name = message.attributes(after: 16).first { $0.type == Int(IFLA_IFNAME) }?.text ?? ""
    }

    /// A request about a device: struct ifinfomsg of rtnetlink(7). Of `flags` those of `change` are meant.
    package static func request(
        _ type: Int, flags: Int32, index: Int32, up: Bool = false
    ) -> RouteMessage {
        let up = UInt32(up ? 1 : 0)
        return RouteMessage(
            type, flags: flags, body: [0, 0, 0, 0] + native(index) + native(up) + native(up))
    }

    /// Asks for the device of a name.
    package static func asking(for name: Bytes) -> RouteMessage {
        var message = request(Int(RTM_GETLINK), flags: 0, index: 0)
        message.add(Int(IFLA_IFNAME), name.array + [0])
        return message
    }

    /// Moves a device into the network namespace of a descriptor, with a name and a number if they are not to stay.
    package static func moving(
        _ index: Int32, to namespace: Int32, name: Bytes?, newIndex: Int32?
    ) -> RouteMessage {
        var message = request(Int(RTM_SETLINK), flags: NLM_F_ACK, index: index)
        message.add(Int(IFLA_NET_NS_FD), native(namespace))
        if let name { message.add(Int(IFLA_IFNAME), name.array + [0]) }
        if let newIndex { message.add(Int(IFLA_NEW_IFINDEX), native(newIndex)) }
        return message
    }
}

/// An address of a network device.
package struct NetworkAddress: Equatable, Sendable {
    /// The device.
    package let index: Int32
    /// Family, length of the prefix, flags, scope: the first four bytes of struct ifaddrmsg.
    private let head: [UInt8]
    private let attributes: [RouteAttribute]

    /// What a message of type RTM_NEWADDR says; nil for any other.
    package init?(_ message: RouteMessage) {
        guard message.type == RTM_NEWADDR, message.body.count >= 8 else { return nil }
        head = [UInt8](message.body.prefix(4))
        index = message.number(at: 4, as: Int32.self)
        attributes = message.attributes(after: 8)
    }

    /// Asks for the addresses of all devices.
    package static var askingForAll: RouteMessage {
        RouteMessage(Int(RTM_GETADDR), flags: NLM_F_DUMP, body: [UInt8](repeating: 0, count: 8))
    }

    /// IFA_F_*: those of the attribute where there is one, since the byte has no room for all.
    private var flags: UInt32 {
        guard let said = attributes.first(where: { $0.type == Int(IFA_FLAGS) }) else { return UInt32(head[2]) }
        return RouteMessage(0, body: said.value).number(at: 0, as: UInt32.self)
    }

    /// Whether config-linux.md, "Network Devices", wants it kept: permanent, and of global scope (RT_SCOPE_UNIVERSE).
    package var isKept: Bool { flags & UInt32(IFA_F_PERMANENT) != 0 && head[3] == 0 }

    /// Adds the address to a device, `name` its name there: a label begins with it.
    package func adding(to index: Int32, name: Bytes, formerly former: Bytes) -> RouteMessage {
        var message = RouteMessage(
            Int(RTM_NEWADDR), flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body: head + native(index))
        for attribute in attributes where NetworkAddress.kept.contains(attribute.type) {
            guard attribute.type == Int(IFA_LABEL) else {
                message.add(attribute.type, attribute.value)
                continue
            }
            // The device's name alone is what the kernel takes by itself.
            let label = attribute.text
            if label.hasPrefix(former + ":"), label.count - former.count + name.count < NetworkLink.nameSize {
                message.add(attribute.type, (name + label.dropFirst(former.count)).array + [0])
            }
        }
        return message
    }

    private static let kept = [
        IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_RT_PRIORITY, IFA_PROTO,
    ].map { Int($0) }
}
