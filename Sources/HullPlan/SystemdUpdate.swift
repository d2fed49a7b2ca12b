// SPDX-License-Identifier: Apache-2.0

internal import HullLinux
package import HullOCI

extension UpdatePlan {
    /// What the unit of a container is told of an update, and what takes that back.
    package func unitProperties(
        before: Config.Linux.Resources
    ) -> (now: [UnitProperty], former: [UnitProperty]) {
        var now = UnitProperties()
        let period = resources.cpu?.period
        now.add(files, period: period == 0 ? nil : period)
        if resources.devices != before.devices { now.add(devices: resources.devices ?? [], at: "/devices") }
        var ignored = Findings()
        var former = UnitProperties()
        former.add(resolveResources(before, at: .root, &ignored).files)
        former.add(devices: before.devices ?? [], at: "/devices")
        return (now.list, now.list.flatMap { former.restoring($0) })
    }
}

extension UnitProperties {
    /// What sets a property back to these. A list is added to by each call, until an empty one clears it.
    fileprivate func restoring(_ property: UnitProperty) -> [UnitProperty] {
        let former = list.filter { $0.name == property.name }
        var cleared = property
        switch property.value {
        case .array(let element, _):
            cleared.value = .array(of: element, [])
            return [cleared] + former
        default:
            // The greatest number stands for "not set" in all that an update changes.
            cleared.value = .uint64(.max)
            return former.isEmpty ? [cleared] : former
        }
    }
}
