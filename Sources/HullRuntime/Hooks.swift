// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension HookState {
    /// The state as hooks read it, cut where the status and the pid go.
    init(of record: ContainerRecord) {
        let state = State(
            ociVersion: ociVersion, id: record.id, pid: 0, status: "creating", bundle: record.bundle,
            annotations: record.annotations)
        let text = JSONWriter.text(of: state.forHook)
        // A quotation mark inside a string is escaped, so these bytes occur once.
        let marker = Bytes("\"status\":\"creating\",\"pid\":0")
        let at = text.indices.first { text[$0...].starts(with: marker.array) } ?? 0
        self.init(
            beforeStatus: Bytes(text[..<(at + 10)]), beforePid: "\",\"pid\":",
            afterPid: Bytes(text[(at + marker.count)...]))
    }
}

/// Runs hooks in the runtime's namespaces, in the bundle.
func runHooks(_ kind: HookKind, of plan: HooksPlan, record: ContainerRecord, status: Status) throws(Failure) {
    for index in plan[kind].indices { try runHook(kind, index, of: plan, record: record, status: status) }
}

private func runHook(
    _ kind: HookKind, _ index: Int, of plan: HooksPlan, record: ContainerRecord, status: Status
) throws(Failure) {
    let hook = plan[kind][index]
    let state = HookState(of: record).json(status: status.name, pid: status == .stopped ? 0 : record.pid)
    try? HostFiles.changeDirectory(record.bundle)
    let output = try open(plan.output)
    let errors = try open(plan.errors)
    let streams = HookStreams(
        output: plan.output == nil ? nil : output.number, errors: plan.errors == nil ? nil : errors.number)
    do { try hook.run(kind, state: state, inheriting: CurrentProcess.environment, streams) } catch {
        var failure = Failure(error, pointer: hook.origin(of: error))
        (failure.code, failure.phase) = (.hook, .hook)
        throw failure
    }
}

private func open(_ output: HookOutputPlan?) throws(Failure) -> Descriptor {
    guard let output else { return Descriptor(owning: -1) }
    return try attempt(output.origin) { () throws(SystemError) in try openHookOutput(output.path) }
}

/// A file to which what hooks write is added.
func openHookOutput(_ path: Bytes) throws(SystemError) -> Descriptor {
    try Descriptor(opening: path, [.write, .create, .append, .noControllingTerminal], mode: 0o600)
}

/// Runs poststop hooks; a failure of one is a warning and stops no other (runtime.md, "Lifecycle", step 13).
func runPoststopHooks(_ plan: HooksPlan, record: ContainerRecord) -> [Failure] {
    var warnings: [Failure] = []
    for index in plan[.poststop].indices {
        do { try runHook(.poststop, index, of: plan, record: record, status: .stopped) } catch {
            warnings.append(error)
        }
    }
    return warnings
}
