// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// The six kinds of hooks of the runtime-spec ("POSIX-platform Hooks"), by when and where they run.
package enum HookKind: CaseIterable, Sendable {
    case prestart, createRuntime, createContainer, startContainer, poststart, poststop

    /// The property's name in `hooks`.
    package var name: Bytes {
        switch self {
        case .prestart: "prestart"
        case .createRuntime: "createRuntime"
        case .createContainer: "createContainer"
        case .startContainer: "startContainer"
        case .poststart: "poststart"
        case .poststop: "poststop"
        }
    }
}

/// A program to run at a point of the container's life.
package struct HookPlan: Sendable {
    package var path: Bytes
    package var arguments: [Bytes]
    /// nil where the config says nothing: then the environment of whoever runs the hook.
    package var environment: [Bytes]?
    package var timeoutMilliseconds: Int32?
    package var origin: JSONPointer
}

/// A file to which a stream of all hooks is added, in place of being kept for the error.
package struct HookOutputPlan: Equatable, Sendable {
    package var path: Bytes
    package var origin: JSONPointer
    /// Where hooks inside the container find it, which cannot open it.
    package var slot: Int?
}

/// All hooks by kind.
package struct HooksPlan: Sendable {
    /// Where standard output goes; nil keeps its end for the error.
    package var output: HookOutputPlan?
    /// Where standard error goes; nil keeps its end for the error.
    package var errors: HookOutputPlan?
    private var lists: [[HookPlan]] = Array(repeating: [], count: HookKind.allCases.count)

    /// No hooks.
    package init() {}

    /// The hooks of a kind in their order.
    package subscript(_ kind: HookKind) -> [HookPlan] {
        get { lists[index(kind)] }
        set { lists[index(kind)] = newValue }
    }

    private func index(_ kind: HookKind) -> Int { HookKind.allCases.firstIndex(of: kind) ?? 0 }
}

/// The hooks as said, checked: paths are absolute, timeouts above zero. Paths in annotations begin in the bundle.
package func resolveHooks(
    _ said: Config.Hooks?, _ annotations: [Entry<Bytes>]?, bundle: Bytes, _ findings: inout Findings
) -> HooksPlan {
    var plan = HooksPlan()
    guard let said else { return plan }
    plan.output = hookOutput(.hooksStandardOutput, annotations, bundle)
    plan.errors = hookOutput(.hooksStandardError, annotations, bundle)
    let lists: [(HookKind, [Config.Hook]?)] = [
        (.prestart, said.prestart), (.createRuntime, said.createRuntime), (.createContainer, said.createContainer),
        (.startContainer, said.startContainer), (.poststart, said.poststart), (.poststop, said.poststop),
    ]
    for (kind, list) in lists {
        for (index, hook) in (list ?? []).enumerated() {
            let pointer = ("/hooks" as JSONPointer).appending(kind.name).appending(index)
            plan[kind].append(resolveHook(hook, pointer, &findings))
        }
    }
    return plan
}

private func hookOutput(
    _ annotation: KnownAnnotation, _ annotations: [Entry<Bytes>]?, _ bundle: Bytes
) -> HookOutputPlan? {
    guard let path = annotation.value(in: annotations), !path.isEmpty else { return nil }
    return HookOutputPlan(path: path.isAbsolutePath ? path : path.below(bundle), origin: annotation.pointer)
}

extension Resolution {
    /// The container's process runs hooks where the files of the host cannot be reached any more: they are opened
    /// before it exists.
    mutating func openHookOutputs() {
        guard !plan.hooks[.createContainer].isEmpty || !plan.hooks[.startContainer].isEmpty else { return }
        plan.hooks.output = opened(plan.hooks.output)
        plan.hooks.errors = opened(plan.hooks.errors)
    }

    private mutating func opened(_ said: HookOutputPlan?) -> HookOutputPlan? {
        guard var output = said else { return nil }
        let slot = newSlot()
        output.slot = slot
        outside(.openHookOutput(output.path, slot: slot), output.origin)
        return output
    }
}

private func resolveHook(_ said: Config.Hook, _ pointer: JSONPointer, _ findings: inout Findings) -> HookPlan {
    if !said.path.isAbsolutePath {
        findings.error(pointer.appending("path"), "\"\(said.path)\" is not an absolute path")
    }
    if let timeout = said.timeout {
        let longest = Int64(Int32.max / 1000)
        if timeout <= 0 {
            findings.error(pointer.appending("timeout"), "\(timeout) is not a number of seconds above 0")
        } else if timeout > longest {
            findings.error(pointer.appending("timeout"), "\(timeout) is more than the \(longest) seconds of poll(2)")
        }
    }
    for (index, entry) in (said.env ?? []).enumerated() where !isVariable(entry) {
        findings.error(
            pointer.appending("env").appending(index), "\"\(entry)\" is not of the form NAME=value")
    }
    return HookPlan(
        path: said.path, arguments: said.args.flatMap { $0.isEmpty ? nil : $0 } ?? [said.path],
        environment: said.env, timeoutMilliseconds: said.timeout.map { Int32(clamping: $0 &* 1000) }, origin: pointer)
}
