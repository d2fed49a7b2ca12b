// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
package import HullOCI

extension UnitProperties {
    /// What systemd may let the container do with devices. It makes a filter of its own of this at each daemon-reload,
    /// and an access needs the leave of all filters of a cgroup; so this must allow all that the container's filter
    /// allows, and that filter is the exact one. Rules that systemd has no words for become wider ones here.
    package mutating func add(devices said: [Config.Linux.Resources.DeviceRule], at pointer: JSONPointer) {
        // What is wrong with them is said where the filter is made.
        var ignored = Findings()
        let rules = said.compactMap { resolveDeviceRule($0, at: pointer, &ignored) }
        let allowed = allowedDevices(rules + DeviceRule.always)
        let policy: Bytes = allowed == nil ? "auto" : "strict"
        set(UnitProperty(name: "DevicePolicy", value: .string(policy), origin: pointer))
        let entries = (allowed ?? []).flatMap(entries)
        // One that is empty takes back what was said before.
        set(UnitProperty(name: "DeviceAllow", value: .array(of: "(ss)", entries), origin: pointer))
    }

    private func entries(_ rule: DeviceRule) -> [DBusValue] {
        var access: [UInt8] = []
        if rule.access.contains(.read) { access.append(UInt8(ascii: "r")) }
        if rule.access.contains(.write) { access.append(UInt8(ascii: "w")) }
        if rule.access.contains(.mknod) { access.append(UInt8(ascii: "m")) }
        let kinds: [DeviceRule.Kind] = rule.kind.map { [$0] } ?? [.character, .block]
        return kinds.map { kind in
            let word: Bytes = kind == .character ? "char" : "block"
            let device: Bytes =
                switch (rule.major, rule.minor) {
                case (let major?, let minor?): "/dev/\(word)/\(major):\(minor)"
                // Since systemd 240 a number may stand for the name of a driver.
                case (let major?, nil): "\(word)-\(major)"
                case (nil, _): "\(word)-*"
                }
            return .structure([.string(device), .string(Bytes(access))])
        }
    }
}

/// The rules that allow something in the end, those left out that a later one takes back whole; nil where all is
/// allowed but for exceptions.
private func allowedDevices(_ rules: [DeviceRule]) -> [DeviceRule]? {
    var allowed: [DeviceRule] = []
    var isAll = false
    for rule in rules {
        if rule.covers(DeviceRule(allow: rule.allow)) {
            isAll = rule.allow
            allowed = []
        } else if rule.allow {
            if !isAll, !allowed.contains(where: { $0.covers(rule) }) { allowed.append(rule) }
        } else {
            allowed.removeAll { rule.covers($0) }
        }
    }
    return isAll ? nil : allowed
}
