// SPDX-License-Identifier: Apache-2.0

internal import CHull
internal import HullBytes
internal import HullLinux

/// A process that does nothing until it is ended, or until its maker is gone.
package struct IdleProcess: ~Copyable {
    private let process: ProcessHandle
    /// The end of a pipe that the maker alone holds: its end is that of the process.
    private let life: Descriptor

    /// Makes one in the caller's cgroup.
    package init() throws(SystemError) {
        let pipe = try Pipe()
        let cloned = try CurrentProcess.clone(0, cgroup: nil)
        if cloned == nil {
            _ = chull_close(pipe.writing.number)
            _ = try? hullReadAvailable(pipe.reading.number, 1)
            CurrentProcess.exit(0)
        }
        guard let process = cloned else { throw SystemError("clone3", "the child came back", .echild) }
        self.process = process
        life = pipe.writing
    }

    package var pid: Int32 { process.pid }

    /// Ends it, and waits until it is gone.
    package consuming func end() throws(SystemError) {
        try process.signal(9)
        _ = try process.wait()
    }
}
