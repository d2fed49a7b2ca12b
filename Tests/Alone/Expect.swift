// SPDX-License-Identifier: Apache-2.0
import Glibc
import HullBytes
import HullKernel

/// How many expectations of this process were not met.
nonisolated(unsafe) private(set) var failures = 0

/// Says what is wrong and goes on.
func fail(_ what: Any, file: String = #fileID, line: Int = #line) {
    failures += 1
    print("\(file):\(line): \(what)")
    fflush(nil)
}

func expect(
    _ met: @autoclosure () throws -> Bool, _ what: String = "not met", file: String = #fileID, line: Int = #line
) rethrows {
    if try !met() { fail(what, file: file, line: line) }
}

struct Missing: Error {}

func require<Value>(
    _ value: @autoclosure () throws -> Value?, file: String = #fileID, line: Int = #line
) throws -> Value {
    guard let value = try value() else {
        fail("it is nil", file: file, line: line)
        throw Missing()
    }
    return value
}

/// The error of a call that must be refused.
func refusal<Result: ~Copyable>(
    file: String = #fileID, line: Int = #line, _ body: () throws -> Result
) -> SystemError? {
    do {
        _ = try body()
        fail("nothing was refused", file: file, line: line)
    } catch let error as SystemError {
        return error
    } catch {
        fail(error, file: file, line: line)
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
