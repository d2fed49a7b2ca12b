// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `mounts` does.
package enum MountsAction: Word {
    case add, remove

    package var word: Bytes {
        switch self {
        case .add: "add"
        case .remove: "remove"
        }
    }
}

/// What `mounts` was told.
package struct MountsOptions: VerbOptions {
    /// What to do.
    package var action = MountsAction.add
    /// The container's name.
    package var id: Bytes = ""
    /// The file with the mounts; `-` is standard input.
    package var file: Bytes = ""

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "add mounts to a running container, or remove them", operands: "add|remove ID FILE",
            more: "FILE has an array of mounts, or one, as in a config; - is standard input. All\n"
                + "are added or none. What is removed, by its destination, must have been added so.",
            example: "mounts add web data.json")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        guard let word = operands.first else { throw .missing("add or remove") }
        guard let action = MountsAction.allCases.first(where: { $0.word == word }) else { throw .unexpected(word) }
        self.action = action
        guard operands.count > 1 else { throw .missing("ID") }
        guard operands.count > 2 else { throw .missing("FILE") }
        if operands.count > 3 { throw .unexpected(operands[3]) }
        (id, file) = (operands[1], operands[2])
    }
}
