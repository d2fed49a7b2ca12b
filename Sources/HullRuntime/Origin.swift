// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension OutsideStep {
    /// The field that is to blame for a failure of the step: the step's own, the option in it, or the namespace where
    /// one could not be joined.
    func origin(of error: SystemError, _ plan: ContainerPlan) -> JSONPointer {
        switch action {
        case .openTree(let tree):
            if error.call == callOfIDMap, let map = tree.idMap { return map.origin }
            return error.call == "mount_setattr" && tree.attributesOrigin != .root ? tree.attributesOrigin : origin
        case .makeFilesystem(let filesystem, let map, _):
            return error.call == callOfIDMap ? map.origin : filesystem.origin(of: error, mount: origin)
        case .clone where error.isOfCgroup: return "/linux/cgroupsPath"
        case .clone where error.call == "setns":
            let opening = plan.outside.first { step in
                if case .openNamespace(let kind, _, _) = step.action { kind.name == error.object } else { false }
            }
            return opening?.origin ?? origin
        case .startUnit:
            let properties = plan.outside.compactMap { step -> UnitProperty? in
                if case .unitProperty(let property) = step.action { property } else { nil }
            }
            return HullRuntime.origin(of: error, in: properties) ?? origin
        case .moveNetDevice(let device, _): return error.errno == .eexist ? device.nameOrigin : origin
        default: return origin
        }
    }
}

extension InsideStep {
    /// The field that is to blame for a failure of the step: the step's own, or the very option or path in it.
    func origin(of error: SystemError) -> JSONPointer {
        switch action {
        case .openTree(let tree):
            return error.call == "mount_setattr" && tree.attributesOrigin != .root ? tree.attributesOrigin : origin
        case .mount(let mount):
            switch mount.what {
            case .filesystem(let plan): return plan.origin(of: error, mount: origin)
            case .overlay(let plan): return option(error, plan.parameters) ?? origin
            case .remount(let plan): return option(error, plan.parameters) ?? origin
            case .tree: return origin
            }
        case .maskedPath(_, .some(let label)): return option(error, [label]) ?? origin
        case .root(.overlay(let plan)): return option(error, plan.parameters) ?? origin
        case .hook(_, let hook): return hook.origin(of: error)
        case .timeOffsets(let offsets, _) where offsets.contains { $0.clock == error.object }:
            return origin.appending(error.object)
        default: return origin
        }
    }
}

extension Failure {
    /// A call that the kernel refused to the container's process, in a step of its list.
    init(_ error: SystemError, of step: InsideStep?) {
        let pointer = step?.origin(of: error)
        var error = error
        // Paths of the host are looked up by the process as the caller's user; here they have their names still.
        switch step?.action {
        case .openTree(let tree): error = error.explained(at: tree.path)
        case .openLayer(let path, _): error = error.explained(at: path)
        default: break
        }
        self.init(error, pointer: pointer, hint: Failure.hint(for: error, step, pointer))
        phase = .inside
        guard case .hook? = step?.action else { return }
        code = .hook
        phase = .hook
    }

    /// What to do about errors of mounts that the kernel has no words for.
    private static func hint(for error: SystemError, _ step: InsideStep?, _ pointer: JSONPointer?) -> Bytes? {
        if case .root(.overlay) = step?.action, error.call == "fsconfig" {
            if error.errno == .ebusy { return "another container uses its upper layer" }
            if error.errno == .estale { return "its upper layer was written over other layers" }
        }
        if case .openTree = step?.action, error.errno == .enoent {
            return "the path is looked up on the host, relative ones in the bundle"
        }
        if case .mount(let mount) = step?.action, mount.destination == "/proc", error.errno == .eperm {
            return "in a user namespace the kernel makes a procfs only where the one outside is not covered in places: "
                + "around hull take --security-opt unmask=/proc/* (podman) or systempaths=unconfined (docker)"
        }
        if error.errno == .eoverflow { return "an owner or the process's own id is not mapped in the user namespace" }
        if pointer == "/linux/mountLabel" { return "SELinux is off, or not in this kernel" }
        if error.call == "fsconfig", error.errno == .einval {
            return nearestHint(to: error.object, among: MountOptions.names)
        }
        if case .sysctl(let path, let value)? = step?.action {
            if error.errno == .enoent { return sysctlHint(path) }
            if error.errno == .einval { return "the kernel does not take the value \"\(value)\"" }
        }
        if case .mount? = step?.action, error.call == "move_mount", error.errno == .einval {
            return "a directory can be mounted on a directory only, a file on a file"
        }
        guard error.call == "fsopen", error.errno == .enodev else { return nil }
        let lines = Bytes((try? HostFiles.read("/proc/filesystems")) ?? []).split(0x0a)
        let types = lines.compactMap { $0.split(0x09).last }
        return nearest(to: error.object, among: types).map { "did you mean \"\($0)\"?" }
            ?? "cat /proc/filesystems tells what the kernel has; others may be modules"
    }
}

/// The first part of the path that the kernel does not have, and the nearest one beside it.
private func sysctlHint(_ path: Bytes) -> Bytes? {
    var directory: Bytes = "/proc/sys"
    for part in path.split(0x2f) {
        guard let names = try? Descriptor(opening: directory, [.directory]).entries() else { return nil }
        if !names.contains(part) { return nearestHint(to: part, among: names) ?? "this kernel does not have it" }
        directory = part.below(directory)
    }
    return nil
}

extension FilesystemPlan {
    /// The field of the mount that is to blame.
    func origin(of error: SystemError, mount: JSONPointer) -> JSONPointer {
        if error.call == "fsopen" { return mount.appending("type") }
        if error.call == "fsetxattr", let label { return label.origin }
        return option(error, parameters) ?? mount
    }
}

private func option(_ error: SystemError, _ parameters: [MountOptions.Parameter]) -> JSONPointer? {
    guard error.call == "fsconfig" else { return nil }
    let found = parameters.first { error.object == $0.key || error.object.hasPrefix($0.key + "=") }
    return found.flatMap { $0.origin == .root ? nil : $0.origin }
}

extension HookPlan {
    /// The hook, or its path where that cannot be executed.
    func origin(of error: SystemError) -> JSONPointer {
        error.call.hasSuffix("execve") ? origin.appending("path") : origin
    }
}
