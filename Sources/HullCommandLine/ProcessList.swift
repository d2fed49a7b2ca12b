// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// A process of a container as the host sees it.
package struct ProcessSummary: Equatable, Sendable {
    /// The user's number.
    package var uid: UInt32
    /// The process id.
    package var pid: Int32
    /// The parent's process id.
    package var ppid: Int32
    /// The command line, its words parted by spaces.
    package var command: Bytes

    /// Takes the parts as they are.
    package init(uid: UInt32, pid: Int32, ppid: Int32, command: Bytes) {
        self.uid = uid
        self.pid = pid
        self.ppid = ppid
        self.command = command
    }
}

/// What `ps --format json` prints: the process ids.
package func processJSON(_ pids: [Int32]) -> Bytes { Bytes(JSONWriter.text(of: pids)) + "\n" }

/// What `ps` prints when it is given no words for ps(1).
package func processTable(_ processes: [ProcessSummary]) -> Bytes {
    columns(
        [["UID", "PID", "PPID", "CMD"]]
            + processes.map { one in
                [Bytes(decimal: one.uid), Bytes(decimal: one.pid), Bytes(decimal: one.ppid), one.command]
            })
}

/// The header of what ps(1) wrote and its lines for the processes; nil where it shows no column PID.
package func processLines(of output: Bytes, _ pids: [Int32]) -> Bytes? {
    let lines = output.split(UInt8(ascii: "\n"))
    guard let header = lines.first, let column = words(header).firstIndex(of: "PID") else { return nil }
    let wanted = Set(pids.map { Bytes(decimal: $0) })
    let own = lines.dropFirst().filter { line in
        let words = words(line)
        return column < words.count && wanted.contains(words[column])
    }
    return ([header] + own).map { $0 + "\n" }.joined("")
}

private func words(_ line: Bytes) -> [Bytes] {
    line.array.split { $0 == 0x20 || $0 == 0x09 }.map { Bytes($0) }
}
