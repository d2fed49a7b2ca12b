// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// How a listing looks.
package enum ListFormat: Word {
    case table, json

    package var word: Bytes {
        switch self {
        case .table: "table"
        case .json: "json"
        }
    }
}

/// What `list` was told.
package struct ListOptions: VerbOptions {
    /// How the listing looks.
    package var format = ListFormat.table
    /// Names only.
    package var quiet = false

    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "list the containers", operands: "", example: "list --format json")
    }

    package static var table: [Option<ListOptions>] {
        [
            .choice("format", letter: "f", "how the list looks (default: table)") { $0.format = $1 },
            .flag("quiet", letter: "q", "print the names only") { $0.quiet = $1 },
        ]
    }
}

/// What `ps` was told.
package struct PsOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// How the listing looks.
    package var format = ListFormat.table
    /// Words for ps(1); empty for hull's own table.
    package var arguments: [Bytes] = []

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "list the processes of a container", operands: "ID [PS-OPTION...]",
            more: "Words after ID go to the host's ps(1), and its lines for the container's\nprocesses are printed.",
            example: "ps web -o pid,rss,args")
    }

    package static var stopsAtOperand: Bool { true }

    package static var table: [Option<PsOptions>] {
        [.choice("format", letter: "f", "how the list looks (default: table)") { $0.format = $1 }]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        id = try onlyID([Bytes](operands.prefix(1)))
        arguments = [Bytes](operands.dropFirst())
    }
}

/// What `features` was told: nothing.
package struct FeaturesOptions: VerbOptions {
    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "print what hull can do as JSON", operands: "", example: "features")
    }
}

/// What `version` was told: nothing.
package struct VersionOptions: VerbOptions {
    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "print the version", operands: "", example: "version")
    }
}

/// What `help` was told.
package struct HelpOptions: VerbOptions {
    /// The verb to explain; nil for all in short.
    package var verb: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(summary: "explain hull or one of its commands", operands: "[COMMAND]", example: "help create")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        verb = operands.first
        if operands.count > 1 { throw .unexpected(operands[1]) }
    }
}
