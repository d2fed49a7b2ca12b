// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What kind of failure it is, for programs that read log records. The names are an interface: none changes its
/// meaning.
package enum FailureCode: CaseIterable, Sendable {
    case usage, config, host, notFound, exists, state, busy
    case execNotFound, execPermission, execFormat, exec
    case hook, memory, tasks, died, kernel, refused

    /// The word in the record.
    package var name: Bytes {
        switch self {
        case .usage: "E_USAGE"
        case .config: "E_CONFIG"
        case .host: "E_HOST"
        case .notFound: "E_NOT_FOUND"
        case .exists: "E_EXISTS"
        case .state: "E_STATE"
        case .busy: "E_BUSY"
        case .execNotFound: "E_EXEC_NOT_FOUND"
        case .execPermission: "E_EXEC_PERMISSION"
        case .execFormat: "E_EXEC_FORMAT"
        case .exec: "E_EXEC"
        case .hook: "E_HOOK"
        case .memory: "E_MEMORY"
        case .tasks: "E_TASKS"
        case .died: "E_DIED"
        case .kernel: "E_KERNEL"
        case .refused: "E_REFUSED"
        }
    }
}

/// Where in the work a failure happened.
package enum FailurePhase: CaseIterable, Sendable {
    case usage, config, outside, inside, hook, exec, verb

    /// The word in the record.
    package var name: Bytes {
        switch self {
        case .usage: "usage"
        case .config: "config"
        case .outside: "outside"
        case .inside: "inside"
        case .hook: "hook"
        case .exec: "exec"
        case .verb: "verb"
        }
    }
}
