// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

/// The file that `--pid-file` names.
enum PidFile {
    /// Puts the pid there. A file is replaced in one step, so that nobody reads half of it, and a link to a file with
    /// it. A character device is written to instead: a file in its place would take /dev/null from the whole machine.
    /// What is neither stays as it is.
    static func write(_ pid: Int32, to path: Bytes, through sibling: Bytes? = nil) throws(SystemError) {
        let found = try HostFiles.status(path, follows: false)
        if found?.isCharacterDevice == true {
            let device = try Descriptor(opening: path, [.write, .noFollow, .noControllingTerminal])
            return try device.writeAll("\(pid)", path)
        }
        let file = found?.isSymbolicLink == true ? try HostFiles.status(path) : found
        guard file?.isRegular ?? true else {
            throw SystemError(
                "write", path, .einval,
                words: "the place of a pid file is a regular file, a character device or nothing")
        }
        try HostFiles.replace(path, with: "\(pid)", mode: 0o644, through: sibling)
    }

    /// Removes that of a creation that failed or was cut off; one that says another pid is not its own. What is no file
    /// is not even read: it might never end.
    static func remove(of record: ContainerRecord) {
        let path = record.pidFile
        guard !path.isEmpty else { return }
        try? HostFiles.remove(record.pidFileSibling)
        guard record.pid > 0, (try? HostFiles.status(path, follows: false))??.isRegular == true,
            let text = try? HostFiles.read(path), Bytes(text) == "\(record.pid)"
        else { return }
        try? HostFiles.remove(path)
    }
}
