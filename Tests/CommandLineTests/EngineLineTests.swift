// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

@testable import HullCommandLine

/// The command lines that engines were seen to write.
/// (CL-51)
struct EngineLineTests {
    private static let podman = "--root /r --log-format=json --log=/l"
    private static let containerd = "--root /run/containerd/x --log /l/log.json --log-format json"

    /// Goal: conmon's create line. Method: all its options, read back.
    @Test func conmonCreate() throws {
        let invocation = try Invocation(
            words(
                "--systemd-cgroup \(Self.podman) create --bundle B --pid-file P --no-pivot --no-new-keyring"
                    + " --preserve-fds 2 --console-socket S ID"))
        #expect(invocation.global.systemdCgroup)
        #expect(invocation.global.log == "/l")
        #expect(invocation.global.logFormat == .json)
        let expected = changed(CreateOptions()) {
            $0.id = "ID"
            $0.bundle = "B"
            $0.pidFile = "P"
            $0.noPivot = true
            $0.noNewKeyring = true
            $0.preserveFDs = 2
            $0.consoleSocket = "S"
        }
        #expect(invocation.command == .create(expected))
    }

    /// C-14. Goal: conmon's restore line. Method: all its options, read back.
    @Test func conmonRestore() throws {
        let line =
            "restore --bundle B --pid-file P --no-pivot --no-new-keyring --preserve-fds 2 --detach --console-socket S"
            + " --image-path I --work-path W --tcp-established --file-locks --lsm-profile= ID"
        guard case .restore(let restore) = try Invocation(words(line)).command else {
            Issue.record("not restore")
            return
        }
        #expect(restore.id == "ID" && restore.create.id == "ID" && restore.create.bundle == "B")
        #expect(restore.create.pidFile == "P" && restore.create.consoleSocket == "S" && restore.create.noNewKeyring)
        #expect(restore.imagePath == "I" && restore.workPath == "W" && restore.detach)
        #expect(restore.request.tcpEstablished && restore.request.fileLocks && restore.request.lsmProfile == nil)
    }

    /// Goal: podman's checkpoint line. Method: all its options, read back.
    @Test func podmanCheckpoint() throws {
        let line =
            "checkpoint --image-path I --work-path W --leave-running --tcp-established --ext-unix-sk --file-locks"
            + " --pre-dump --parent-path ../P --status-fd -1 --page-server= --manage-cgroups-mode full"
            + " --empty-ns network ID"
        var expected = CheckpointOptions()
        expected.id = "ID"
        expected.imagePath = "I"
        expected.workPath = "W"
        expected.request.leaveRunning = true
        expected.request.tcpEstablished = true
        expected.request.externalUnixSockets = true
        expected.request.fileLocks = true
        expected.request.preDump = true
        expected.request.parentPath = "../P"
        expected.request.cgroups = .full
        expected.request.emptyNetwork = true
        #expect(try Invocation(words(line)).command == .checkpoint(expected))
    }

    /// Goal: conmon's exec line. Method: all its options, read back.
    @Test func conmonExec() throws {
        let line = "exec --pid-file P --process F --detach --tty --console-socket S --cgroup /x ID"
        let expected = changed(ExecOptions()) {
            $0.id = "ID"
            $0.pidFile = "P"
            $0.process = "F"
            $0.detach = true
            $0.tty = true
            $0.consoleSocket = "S"
            $0.cgroups = ["/x"]
        }
        #expect(try Invocation(words(line)).command == .exec(expected))
    }

    /// Goal: containerd's create line. Method: all its options, read back.
    @Test func containerdCreate() throws {
        let line =
            "\(Self.containerd) --systemd-cgroup --rootless=false create --bundle B --pid-file P --console-socket S"
            + " --no-pivot --no-new-keyring --preserve-fds 1 ID"
        let invocation = try Invocation(words(line))
        #expect(invocation.global.root == "/run/containerd/x")
        #expect(invocation.global.rootless == .no)
        guard case .create(let create) = invocation.command else {
            Issue.record("not create")
            return
        }
        #expect(create.id == "ID")
        #expect(create.preserveFDs == 1)
    }

    /// Goal: the other lines of engines and of the peers' test drivers. Method: each is understood as its verb.
    @Test(
        arguments: [
            ("start ID", .start), ("state ID", .state), ("kill ID 9", .kill), ("kill --all ID 15", .kill),
            ("delete ID", .delete), ("delete --force ID", .delete), ("list --format=json", .list), ("list -q", .list),
            ("ps --format json ID", .ps), ("pause ID", .pause), ("resume ID", .resume), ("events --stats ID", .events),
            ("events --interval=5s ID", .events), ("update --resources - ID", .update), ("features", .features),
            ("exec --process F --console-socket S --detach --pid-file P ID", .exec), ("--version", .version),
            ("--cgroup-manager disabled --debug run --config FILE --pid-file rel ID", .run),
        ] as [(String, Verb)])
    func understood(line: String, verb: Verb) throws {
        for globals in ["", Self.podman + " ", Self.containerd + " "] {
            #expect(try Invocation(words(globals + line)).command.verb == verb)
        }
    }
}

extension Command {
    fileprivate var verb: Verb {
        switch self {
        case .run: .run
        case .checkpoint: .checkpoint
        case .restore: .restore
        case .create: .create
        case .start: .start
        case .exec: .exec
        case .kill: .kill
        case .delete: .delete
        case .pause: .pause
        case .resume: .resume
        case .update: .update
        case .mounts: .mounts
        case .state: .state
        case .list: .list
        case .ps: .ps
        case .events: .events
        case .stats: .stats
        case .image: .image
        case .spec: .spec
        case .plan: .plan
        case .check: .check
        case .doctor: .doctor
        case .verify: .verify
        case .features: .features
        case .completion: .completion
        case .manual: .manual
        case .version: .version
        case .help: .help
        }
    }
}
