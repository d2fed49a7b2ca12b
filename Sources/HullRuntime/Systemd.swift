// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension Creation {
    /// Has systemd make the scope, and takes its cgroup.
    ///
    /// A scope begins with a process in it. That is not the container's, which is made inside afterwards as in any
    /// other cgroup, and so never has been anywhere else; but one that does nothing, and that is gone as soon as hull
    /// is. So systemd itself removes a scope of which the record does not know yet.
    mutating func start(_ unit: UnitName) throws(SystemError) {
        let idle = try IdleProcess()
        let place: Bytes?
        do throws(SystemError) {
            try start(unit, around: idle.pid)
            place = try Procfs.cgroup(of: "\(idle.pid)")
        } catch {
            try idle.end()
            throw error
        }
        record.unit = unit.name
        record.unitIsOfUser = unit.isOfUser
        record.cgroup = place.map { plan.cgroup.mountPoint + $0 } ?? cgroup.path
        placeholder = consume idle
        guard place == plan.cgroup.path else {
            throw SystemError(
                "StartTransientUnit", unit.name, .exdev,
                words: "systemd put it into the cgroup \(place ?? ""), not into \(plan.cgroup.path)")
        }
        try directory.write(record)
        cgroupDescriptor = try Descriptor(opening: record.cgroup, [.path, .directory])
    }

    private func start(_ unit: UnitName, around pid: Int32) throws(SystemError) {
        var properties = unitProperties
        var tries = 3
        while true {
            do throws(SystemError) {
                var manager = try ServiceManager(ofUser: unit.isOfUser)
                return try manager.start(unit.name, properties, pid: pid)
            } catch {
                tries -= 1
                guard tries > 0 else { throw error }
                switch error.errno {
                case .eexist:
                    // Of a unit that failed only the name is left.
                    var manager = try ServiceManager(ofUser: unit.isOfUser)
                    try manager.forgetFailure(unit.name)
                    tries = min(tries, 1)
                case .einval where properties.contains(where: \.isOptional):
                    properties.removeAll(where: \.isOptional)
                case .econnreset, .epipe:
                    // systemd or the bus has begun anew; the unit may be there already.
                    if try Procfs.cgroup(of: "\(pid)") == plan.cgroup.path { return }
                case .eio where error.call == "StartTransientUnit":
                    // The job failed: what is left of the unit is its failure.
                    var manager = try ServiceManager(ofUser: unit.isOfUser)
                    try manager.forgetFailure(unit.name)
                    throw error
                default: throw error
                }
            }
        }
    }
}

/// What to do where systemd is not reached, or says no.
func systemdHint(for error: SystemError, _ unit: Bytes, _ isOfUser: Bool) -> Bytes? {
    let status: Bytes = isOfUser ? "systemctl --user" : "systemctl"
    switch error.errno {
    case .eexist: return "a container or service has this unit: \(status) status \(unit)"
    case .eio where error.call == "StartTransientUnit", .etimedout:
        return "\(status) status \(unit), journalctl -u \(unit) say more"
    default: break
    }
    guard error.call == "connect" || error.errno == .eacces else { return nil }
    if isOfUser {
        return "the user's systemd is looked for in $XDG_RUNTIME_DIR/systemd/private, DBUS_SESSION_BUS_ADDRESS and"
            + " $XDG_RUNTIME_DIR/bus; sudo and su make no session with one: log in, or loginctl enable-linger USER and"
            + " set XDG_RUNTIME_DIR=/run/user/UID; or use --cgroup-manager cgroupfs"
    }
    return "systemd is looked for in DBUS_SYSTEM_BUS_ADDRESS if that is set, else in /run/systemd/private and"
        + " /run/dbus/system_bus_socket; where it does not run, use --cgroup-manager cgroupfs"
}

extension ContainerRecord {
    /// Ends the unit of a container whose processes are dead or may be killed. Where systemd is not there to be asked
    /// the cgroup is all that there is to remove.
    func stopUnit() throws(SystemError) {
        guard !unit.isEmpty else { return }
        try CgroupDirectory(path: cgroup).kill()
        var tries = 3
        while true {
            do throws(SystemError) {
                var manager = try ServiceManager(ofUser: unitIsOfUser)
                return try manager.stop(unit)
            } catch {
                if error.call == "connect" { return }
                tries -= 1
                guard tries > 0, error.errno == .econnreset || error.errno == .epipe else { throw error }
            }
        }
    }
}

extension ServiceManagerFacts {
    /// Who makes units for the caller: in a user namespace the manager of the user.
    static func probe(ownCgroup: Bytes) throws(SystemError) -> ServiceManagerFacts {
        let user = Credentials.effectiveUser
        let map = Bytes(try HostFiles.read("/proc/self/uid_map")).split(0x20).map(\.trimmed)
        guard user != 0 || map != ["0", "0", "4294967295"] else {
            let first = try Procfs.cgroup(of: "1") ?? "/"
            let scope: Bytes = "/init.scope"
            return .init(isOfUser: false, cgroup: first.hasSuffix(scope) ? first.prefix(first.count - scope.count) : "")
        }
        // The name of the directory is the user's number outside of the namespace.
        let runtime = CurrentProcess.variable("XDG_RUNTIME_DIR")?.lastComponent.decimal
        let number = runtime ?? UInt64(user)
        let parts = ownCgroup.split(0x2f)
        // One of somebody else is where sudo or su was called.
        if let index = parts.firstIndex(where: {
            $0 == "user@\(number).service"
                || runtime == nil && user == 0 && $0.hasPrefix("user@") && $0.hasSuffix(".service")
        }) {
            return .init(isOfUser: true, cgroup: "/" + Array(parts[...index]).joined("/"))
        }
        return .init(isOfUser: true, cgroup: "/user.slice/user-\(number).slice/user@\(number).service")
    }
}
