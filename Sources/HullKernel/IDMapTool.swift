// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux

/// newuidmap(1) or newgidmap(1), which write maps of what /etc/subuid and /etc/subgid grant.
package struct IDMapTool: Sendable {
    private let name: Bytes

    /// That for groups, or that for users.
    package init(group: Bool) { name = group ? "newgidmap" : "newuidmap" }

    /// Whether it is in PATH.
    package var isInstalled: Bool { Subprocess.find(name) != nil }

    /// Writes the map of the user namespace that the process has made.
    package func write(_ maps: [IDMapping], of pid: Int32) throws(SystemError) {
        guard let path = Subprocess.find(name) else {
            throw SystemError(name, "", .enoent, words: "\(name) is not installed")
        }
        let numbers = maps.flatMap { ["\($0.containerID)", "\($0.hostID)", "\($0.size)"] as [Bytes] }
        let words = [name, "\(pid)"] + numbers
        let tool = Subprocess(
            path: path, arguments: words, environment: CurrentProcess.environment, input: "",
            timeoutMilliseconds: 10_000)
        let outcome = try tool.run()
        if let failure = outcome.failure { throw failure }
        guard outcome.status != .exited(0) else { return }
        let said = outcome.errorOutput.trimmed.split(0x0a).joined("; ")
        let end: Bytes = outcome.status == nil ? "it was not done in 10 s" : "it failed without a word"
        throw SystemError(path, Array(words.dropFirst()).joined(" "), .eperm, words: said.isEmpty ? end : said)
    }
}
