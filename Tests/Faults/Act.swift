// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// A call of the runtime that can be cut off, and what comes before it.
enum Act: String, CaseIterable, Sendable {
    case create, start, exec, update, pause, resume, kill, delete
    case runDetached = "run --detach"
    case run
    case deleteForce = "delete --force"

    /// What makes the container that the call is about; none where the call itself does.
    var before: [Act] {
        switch self {
        case .create, .run, .runDetached: []
        case .start, .delete: [.create]
        case .exec, .deleteForce, .update, .pause, .kill: [.runDetached]
        case .resume: [.runDetached, .pause]
        }
    }

    /// Whether a container comes to be by it, so that its failure leaves nothing.
    var makes: Bool { before.isEmpty }

    /// What the container is after its success; nil where there is none.
    var status: String? {
        switch self {
        case .create: "created"
        case .start, .runDetached, .exec, .update, .resume: "running"
        case .pause: "paused"
        case .kill: "stopped"
        case .run, .delete, .deleteForce: nil
        }
    }

    func words(_ stage: Stage) -> [String] {
        let console = stage.console.map { ["--console-socket", $0.path] } ?? []
        let made = ["--bundle", stage.bundle, "--pid-file", stage.pidFile] + console + [stage.id]
        switch self {
        case .create: return ["create"] + made
        case .runDetached: return ["run", "--detach"] + made
        case .run: return ["run", "--bundle", stage.shortBundle, stage.id]
        case .start: return ["start", stage.id]
        case .exec:
            let terminal = stage.console == nil ? [] : ["--detach", "--tty"] + console
            return ["exec"] + terminal + [stage.id, "/bin/true"]
        case .update: return ["update", "--resources", stage.resources, stage.id]
        case .pause: return ["pause", stage.id]
        case .resume: return ["resume", stage.id]
        case .kill: return ["kill", stage.id, "KILL"]
        case .delete: return ["delete", stage.id]
        case .deleteForce: return ["delete", "--force", stage.id]
        }
    }
}

/// What the container asks for.
enum Variant: String, CaseIterable, Sendable {
    /// What engines write for an ordinary container.
    case plain
    case userNamespace = "user namespace"
    case overlay
    case hooks
    case terminal

    /// What is not already as in a plain container.
    var acts: [Act] {
        switch self {
        case .plain: Act.allCases
        case .terminal: [.create, .start, .exec, .runDetached, .deleteForce]
        case .userNamespace, .overlay, .hooks: [.create, .start, .exec, .update, .runDetached, .run, .deleteForce]
        }
    }

    func edit(_ config: inout JSON) {
        switch self {
        case .plain: break
        case .userNamespace: config.userNamespace()
        case .overlay:
            config["/root/readonly"] = false
            let root: JSON = [
                "destination": "/", "type": "overlay", "source": "overlay", "options": ["lowerdir=rootfs"],
            ]
            config["/mounts"] = .array([root] + (config["/mounts"]?.array ?? []))
        case .hooks:
            let hook: JSON = [["path": "/bin/true"]]
            for kind in [
                "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
            ] {
                config["/hooks/" + kind] = hook
            }
        case .terminal: config["/process/terminal"] = true
        }
    }
}
