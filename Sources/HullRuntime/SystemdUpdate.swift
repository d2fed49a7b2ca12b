// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// What an update changes in the unit of a container, so that systemd does not write the former limits at its next
/// daemon-reload.
struct UnitChange {
    private let unit: Bytes
    private let isOfUser: Bool
    private let now: [UnitProperty]
    private let former: [UnitProperty]
    private var isApplied = false

    /// nil where no unit has to know.
    init?(_ plan: UpdatePlan, before: Config.Linux.Resources, _ record: ContainerRecord) {
        guard !record.unit.isEmpty else { return nil }
        unit = record.unit
        isOfUser = record.unitIsOfUser
        (now, former) = plan.unitProperties(before: before)
        if now.isEmpty { return nil }
    }

    /// Goes before the files are written: those that systemd rounds are exact afterwards.
    mutating func apply() throws(Failure) {
        do throws(SystemError) {
            isApplied = true
            do throws(SystemError) { try set(now) } catch {
                guard error.errno == .einval, now.contains(where: \.isOptional) else { throw error }
                try set(now.filter { !$0.isOptional })
            }
        } catch {
            throw Failure(error, pointer: origin(of: error, in: now), hint: systemdHint(for: error, unit, isOfUser))
        }
    }

    func undo() throws(SystemError) { if isApplied { try set(former) } }

    private func set(_ properties: [UnitProperty]) throws(SystemError) {
        guard !properties.isEmpty else { return }
        var manager = try ServiceManager(ofUser: isOfUser)
        try manager.set(properties, of: unit)
    }
}

/// The field behind the property that systemd does not take: it names it.
func origin(of error: SystemError, in properties: [UnitProperty]) -> JSONPointer? {
    let words = error.words?.split(0x20) ?? []
    return properties.first { words.contains($0.name) || words.contains($0.name + ",") }?.origin
}
