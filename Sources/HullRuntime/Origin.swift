// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension OutsideStep {
    /// The field that is to blame for a failure of the step: the namespace, where one could not be joined.
    func origin(of error: SystemError, _ plan: ContainerPlan) -> JSONPointer {
        guard case .clone = action, error.call == "setns" else { return origin }
        let opening = plan.outside.first { step in
            if case .openNamespace(let kind, _, _) = step.action { kind.name == error.object } else { false }
        }
        return opening?.origin ?? origin
    }
}

extension InsideStep {
    /// The field that is to blame for a failure of the step: the step's own, or the very option or path in it.
    func origin(of error: SystemError) -> JSONPointer {
        switch action {
        case .mount(let mount):
            switch mount.what {
            case .filesystem(let plan): return option(error, plan.parameters) ?? origin
            case .overlay(let plan): return option(error, plan.parameters) ?? origin
            case .tree, .remount: return origin
            }
        case .root(.overlay(let plan)): return option(error, plan.parameters) ?? origin
        case .hook(_, let hook): return hook.origin(of: error)
        case .timeOffsets(let offsets, _) where offsets.contains { $0.clock == error.object }:
            return origin.appending(error.object)
        default: return origin
        }
    }

    private func option(_ error: SystemError, _ parameters: [MountOptions.Parameter]) -> JSONPointer? {
        guard error.call == "fsconfig" else { return nil }
        let found = parameters.first { error.object == $0.key || error.object.hasPrefix($0.key + "=") }
        return found.flatMap { $0.origin == .root ? nil : $0.origin }
    }
}

extension HookPlan {
    /// The hook, or its path where that cannot be executed.
    func origin(of error: SystemError) -> JSONPointer {
        error.call.hasSuffix("execve") ? origin.appending("path") : origin
    }
}
