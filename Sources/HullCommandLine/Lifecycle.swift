// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `start` was told.
package struct StartOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// The file that gets the times of all steps.
    package var trace: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "let the program of a created container begin", operands: "ID", example: "start web")
    }

    package static var table: [Option<StartOptions>] { [traceOption { $0.trace = $1 }] }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}

/// What `state` was told.
package struct StateOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""

    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "print a container's state as JSON", operands: "ID", example: "state web")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}

/// What `pause` was told.
package struct PauseOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""

    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "freeze all processes of a container", operands: "ID", example: "pause web")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}

/// What `resume` was told.
package struct ResumeOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""

    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "let a paused container go on", operands: "ID", example: "resume web")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}

/// What `kill` was told.
package struct KillOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// The signal as it was written: a name with or without SIG, or a number.
    package var signal: Bytes = "SIGTERM"
    /// Accepted for engines.
    package var all = false

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "send a signal to a container", operands: "ID [SIGNAL]",
            more: "SIGNAL is a name or a number (default: SIGTERM).", example: "kill web KILL")
    }

    package static var table: [Option<KillOptions>] {
        [.flag("all", letter: "a", "of no effect: KILL reaches every process anyway") { $0.all = $1 }.hidden]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        if operands.count > 2 { throw .unexpected(operands[2]) }
        id = try onlyID([Bytes](operands.prefix(1)))
        if operands.count == 2 { signal = operands[1] }
    }
}

/// What `delete` was told.
package struct DeleteOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// Kill it first; succeed where there is nothing.
    package var force = false

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "remove a stopped container and all it held", operands: "ID", example: "delete --force web")
    }

    package static var table: [Option<DeleteOptions>] {
        [.flag("force", letter: "f", "kill it first; succeed if there is none") { $0.force = $1 }]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}
