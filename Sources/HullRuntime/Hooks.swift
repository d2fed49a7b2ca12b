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
func runHooks(
    _ kind: HookKind, _ hooks: [HookPlan], record: ContainerRecord, status: Status
) throws(Failure) {
    guard !hooks.isEmpty else { return }
    let state = HookState(of: record).json(status: status.name, pid: status == .stopped ? 0 : record.pid)
    try? HostFiles.changeDirectory(record.bundle)
    for hook in hooks {
        do { try hook.run(kind, state: state, inheriting: CurrentProcess.environment) } catch {
            throw Failure(error, pointer: hook.origin(of: error))
        }
    }
}

/// Runs poststop hooks; a failure of one is a warning and stops no other (runtime.md, "Lifecycle", step 13).
func runPoststopHooks(_ hooks: [HookPlan], record: ContainerRecord) -> [Failure] {
    var warnings: [Failure] = []
    for hook in hooks {
        do { try runHooks(.poststop, [hook], record: record, status: .stopped) } catch { warnings.append(error) }
    }
    return warnings
}
