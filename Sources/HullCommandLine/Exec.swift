// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullPlan

/// What `exec` was told.
package struct ExecOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// The command; empty where `process` names a file that has it.
    package var command: [Bytes] = []
    /// A file with an OCI process object.
    package var process: Bytes?
    /// The working directory in the container.
    package var cwd: Bytes?
    /// `NAME=VALUE` entries that are added to the container's, in their order.
    package var env: [Bytes] = []
    /// Give the process a terminal.
    package var tty = false
    /// The user and group.
    package var user: UserIDs?
    /// Groups besides the user's.
    package var additionalGids: [UInt32] = []
    /// Return once the process runs.
    package var detach = false
    /// The file that gets the process id.
    package var pidFile: Bytes?
    /// The socket that gets the terminal.
    package var consoleSocket: Bytes?
    /// Capabilities that are added, as they were written.
    package var caps: [Bytes] = []
    /// Set no_new_privs, where it was said.
    package var noNewPrivs = false
    /// The SELinux label.
    package var processLabel: Bytes?
    /// The AppArmor profile.
    package var apparmor: Bytes?
    /// How many descriptors beyond stdio (and `LISTEN_FDS`) the process keeps.
    package var preserveFDs: UInt32 = 0
    /// Cgroups below the container's to put the process into, as they were written.
    package var cgroups: [Bytes] = []
    /// Do not refuse a paused container.
    package var ignorePaused = false
    /// A directory of the host with tools, and where they are shown.
    package var tools: ToolsRequest?
    /// The socket that gets the process descriptor.
    package var pidfdSocket: Bytes?
    /// The file that gets the times of all steps.
    package var trace: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "run another program in a running container", operands: "ID [COMMAND [ARG...]]",
            more: "What the options leave open is as in the container's config. The exit status is\n"
                + "the program's; 255 if it could not be started.",
            example: "exec --user 1000:1000 --env LANG=C web ls -l /srv")
    }

    package static var stopsAtOperand: Bool { true }

    package static var table: [Option<ExecOptions>] { processOptions + callOptions }

    /// What makes the process.
    private static var processOptions: [Option<ExecOptions>] {
        [
            .path("process", letter: "p", "FILE", "read an OCI process object from FILE") { $0.process = $1 },
            .path("cwd", "DIR", "the working directory in the container") { $0.cwd = $1 },
            .text("env", letter: "e", "NAME=VALUE", "add to the environment") { $0.env.append($1) }.repeatable,
            .flag("tty", letter: "t", "give the program a terminal") { $0.tty = $1 },
            .text("user", letter: "u", "UID[:GID]", "run as this user and group, by number") {
                (options: inout ExecOptions, value) throws(UsageProblem) in
                options.user = try parseUser(value, of: "user")
            },
            .text("additional-gids", letter: "g", "GID", "add a group, by number") {
                (options: inout ExecOptions, value) throws(UsageProblem) in
                options.additionalGids.append(try parseID(value, of: "additional-gids"))
            }.repeatable,
            .text("cap", letter: "c", "CAP", "add a capability") { $0.caps.append($1) }.repeatable,
            .flag("no-new-privs", "no gain of privileges by execve") { $0.noNewPrivs = $1 },
            .path("process-label", "LABEL", "the SELinux label") { $0.processLabel = $1 },
            .path("apparmor", "PROFILE", "the AppArmor profile") { $0.apparmor = $1 },
        ]
    }

    /// What concerns the caller.
    private static var callOptions: [Option<ExecOptions>] {
        [
            .flag("detach", letter: "d", "return when the program has started") { $0.detach = $1 },
            .path("pid-file", "FILE", "write the process id to FILE") { $0.pidFile = $1 },
            .path("console-socket", "SOCKET", "send the terminal to this Unix socket") { $0.consoleSocket = $1 },
            .path("pidfd-socket", "SOCKET", "send a descriptor of the process there") { $0.pidfdSocket = $1 },
            .text("preserve-fds", "N", "keep N descriptors from 3 on open") {
                (options: inout ExecOptions, value) throws(UsageProblem) in
                options.preserveFDs = try parseCount(value, of: "preserve-fds")
            },
            .text("cgroup", "PATH", "a cgroup below the container's") { $0.cgroups.append($1) }.repeatable,
            .text("tools", "DIR[:PLACE]", "show tools of the host to this program alone") {
                (options: inout ExecOptions, value) throws(UsageProblem) in
                options.tools = try parseTools(value)
            },
            .flag("ignore-paused", "do not refuse a paused container") { $0.ignorePaused = $1 },
            traceOption { $0.trace = $1 },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        guard let id = operands.first else { throw .missing("ID") }
        self.id = id
        command = [Bytes](operands.dropFirst())
        // The habit of other tools: `exec ID -- ls -l`. No program is called "--".
        if command.first == "--" { command.removeFirst() }
        if process == nil, command.isEmpty { throw .missing("COMMAND (or --process FILE)") }
        if process != nil, let word = command.first { throw .unexpected(word) }
    }
}

/// A directory, and after the last colon that a slash follows the place for it.
private func parseTools(_ value: Bytes) throws(UsageProblem) -> ToolsRequest? {
    if value.isEmpty { return nil }
    let array = value.array
    guard let colon = array.indices.dropLast().last(where: { array[$0] == 0x3a && array[$0 + 1] == 0x2f }) else {
        return ToolsRequest(directory: value)
    }
    guard colon > 0 else { throw UsageProblem(problem: "option --tools: \"\(value)\" names no directory of the host") }
    return ToolsRequest(directory: value.prefix(colon), place: value.dropFirst(colon + 1))
}
