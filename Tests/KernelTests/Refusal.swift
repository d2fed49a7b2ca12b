// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullKernel
import Testing

// Foundation and Testing have types of these names.
typealias Pipe = HullKernel.Pipe
typealias ExitStatus = HullKernel.ExitStatus

/// The error of a call that must be refused.
func refusal<Result: ~Copyable>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) -> SystemError? {
    do {
        _ = try body()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch let error as SystemError {
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

/// Attaches a tree at a host path. The place is kept open by a name: a temporary one would be closed before the call.
func attach(_ tree: borrowing MountTree, at path: Bytes) throws {
    let place = try Descriptor(opening: path, [.path])
    try tree.attach(at: place.number)
}

/// Mounts a procfs on /proc of a root.
func mountProc(in root: borrowing RootDirectory) throws {
    let place = try root.place("/proc")
    try FilesystemContext("proc").mount([]).attach(at: place.number)
}
