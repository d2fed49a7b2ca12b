// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Attaches tools over a directory, and puts it, and a `bin` in it, at the end of PATH. The container is hostile:
    /// no link is followed, and nothing of it is opened but the place.
    mutating func attachTools(_ plan: ToolsPlan) throws(SystemError) {
        guard let opened = held.take(plan.slot) else { throw SystemError("descriptor", "\(plan.slot)", .ebadf) }
        let tree = MountTree(opened)
        for path in plan.places {
            guard let place = try placeOfTools(path, isLast: path == plan.places.last) else { continue }
            try tree.attach(at: place.number)
            var words = path
            if (try? Descriptor(opening: "bin", [.path, .directory], strictlyIn: tree.descriptor.number)) != nil {
                words = "\(path):\(path)/bin"
            }
            let former = process.environment.last { $0.hasPrefix("PATH=") }.map { $0 + ":" } ?? "PATH="
            process.environment.removeAll { $0.hasPrefix("PATH=") || $0.hasPrefix("HULL_TOOLS=") }
            process.environment += [former + words, "HULL_TOOLS=" + path]
            return
        }
    }

    private func placeOfTools(_ path: Bytes, isLast: Bool) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            let place = try root.open(path, [.path, .directory], strict: true)
            guard try place.filesystemType() != Filesystem.proc else { throw SystemError("openat2", path, .eloop) }
            return place
        } catch {
            if !isLast { return nil }
            throw SystemError(
                error.call, error.object, error.errno,
                detail: "tools are shown in a directory that the container has: --tools DIR:PLACE")
        }
    }
}
