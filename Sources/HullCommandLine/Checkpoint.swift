// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullPlan

/// What `checkpoint` was told.
package struct CheckpointOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// Where the images go; nil for `checkpoint` in the current directory.
    package var imagePath: Bytes?
    /// Where the log goes; nil for the directory of the images.
    package var workPath: Bytes?
    /// What is asked of CRIU.
    package var request = CheckpointRequest()

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "save a running container to disk by CRIU", operands: "ID",
            more: "The container is removed then, unless it is to go on running.",
            example: "checkpoint --image-path /var/tmp/web web")
    }

    package static var table: [Option<CheckpointOptions>] {
        [
            .path("image-path", "DIR", "where the images go (default: checkpoint)") { $0.imagePath = $1 },
            .path("work-path", "DIR", "where the log goes (default: the images)") { $0.workPath = $1 },
        ]
            + (whileSaving + sharedByRestore).map { option in
                option.inside { (options: inout CheckpointOptions, store) throws(UsageProblem) in
                    try store(&options.request)
                }
            }
    }

    private static var whileSaving: [Option<CheckpointRequest>] {
        [
            .path("parent-path", "DIR", "earlier images, relative to these") { $0.parentPath = $1 },
            .flag("leave-running", letter: "R", "let the container go on") { $0.leaveRunning = $1 },
            .flag("pre-dump", letter: "P", "save memory alone, and let it go on") { $0.preDump = $1 },
            .flag("tcp-skip-in-flight", "leave out connections that are being made") { $0.tcpSkipInFlight = $1 },
            .text("status-fd", "N", "write a zero byte to it when pages can be had") {
                (request: inout CheckpointRequest, value) throws(UsageProblem) in
                // Engines in Go pass -1 for none.
                request.statusDescriptor =
                    value == "-1" ? nil : Int32(clamping: try parseCount(value, of: "status-fd"))
            },
            .text("page-server", "ADDRESS:PORT", "send the pages there") {
                (request: inout CheckpointRequest, value) throws(UsageProblem) in
                guard !value.isEmpty else { return }
                guard let server = CheckpointRequest.PageServer(value) else {
                    throw UsageProblem(problem: "option --page-server: \"\(value)\" is not ADDRESS:PORT")
                }
                request.pageServer = server
            },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}

/// What `restore` was told.
package struct RestoreOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// Where the images are; nil for `checkpoint` in the current directory.
    package var imagePath: Bytes?
    /// Where the log goes; nil for the directory of the images.
    package var workPath: Bytes?
    /// What it shares with `create`.
    package var create = CreateOptions()
    /// Return once the container runs.
    package var detach = false
    /// What is asked of CRIU.
    package var request = CheckpointRequest()

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "make a container out of a checkpoint", operands: "ID",
            more: "Limits, devices and the sources of mounts are those of the bundle's config.\nWithout --detach "
                + "it waits for the container's end, as run does.",
            example: "restore --bundle /srv/web --image-path /var/tmp/web web")
    }

    package static var table: [Option<RestoreOptions>] {
        [
            .path("image-path", "DIR", "where the images are (default: checkpoint)") { $0.imagePath = $1 },
            .path("work-path", "DIR", "where the log goes (default: the images)") { $0.workPath = $1 },
            .path("bundle", letter: "b", "DIR", "the bundle's directory (default: current)") { $0.create.bundle = $1 },
            .path("config", letter: "f", "FILE", "read FILE, not config.json in the bundle") { $0.create.config = $1 },
            .path("console-socket", "SOCKET", "send the terminal to this Unix socket") { $0.create.consoleSocket = $1 },
            .path("pid-file", "FILE", "write the process id to FILE") { $0.create.pidFile = $1 },
            .path("pidfd-socket", "SOCKET", "send a descriptor of the process there") { $0.create.pidfdSocket = $1 },
            .flag("detach", letter: "d", "return when the container runs") { $0.detach = $1 },
            .flag("no-subreaper", "do not adopt orphaned processes") { $0.create.noSubreaper = $1 },
            .flag("no-new-keyring", "keep the caller's session keyring") { $0.create.noNewKeyring = $1 },
            .flag("no-pivot", "refused: CRIU pivots") { $0.create.noPivot = $1 }.hidden,
            .text("preserve-fds", "N", "refused: the images have all descriptors") {
                (options: inout RestoreOptions, value) throws(UsageProblem) in
                options.create.preserveFDs = try parseCount(value, of: "preserve-fds")
            }.hidden,
            overlayOption { $0.create.overlay = $1 },
        ]
            + (whileRestoring + sharedByRestore).map { option in
                option.inside { (options: inout RestoreOptions, store) throws(UsageProblem) in
                    try store(&options.request)
                }
            }
    }

    private static var whileRestoring: [Option<CheckpointRequest>] {
        [
            .flag("tcp-close", "close TCP connections that are restored") { $0.tcpClose = $1 },
            .text("lsm-profile", "TYPE:NAME", "run under another profile or label") {
                (request: inout CheckpointRequest, value) throws(UsageProblem) in
                request.lsmProfile = value.isEmpty ? nil : value
            },
            .text("lsm-mount-context", "LABEL", "mount filesystems with another label") {
                (request: inout CheckpointRequest, value) throws(UsageProblem) in
                request.lsmMountContext = value.isEmpty ? nil : value
            },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        id = try onlyID(operands)
        create.id = id
    }
}

/// What `checkpoint` and `restore` both understand: most of it must be said again at restore.
private var sharedByRestore: [Option<CheckpointRequest>] {
    [
        .flag("tcp-established", "keep TCP connections") { $0.tcpEstablished = $1 },
        .flag("ext-unix-sk", "keep Unix sockets to other processes") { $0.externalUnixSockets = $1 },
        .flag("shell-job", "allow a session of the caller's") { $0.shellJob = $1 },
        .flag("link-remap", "keep files without a name by linking them") { $0.linkRemap = $1 },
        .flag("file-locks", "keep file locks") { $0.fileLocks = $1 },
        .flag("lazy-pages", "move memory when it is asked for") { $0.lazyPages = $1 },
        .flag("auto-dedup", "free pages that are saved elsewhere") { $0.autoDedup = $1 },
        .choice("manage-cgroups-mode", "what CRIU does about cgroups (default: soft)") { $0.cgroups = $1 },
        .choice("network-lock", "how packets are kept away (default: iptables)") { $0.networkLock = $1 },
        Option.text("empty-ns", "network", "leave the content of the namespace out") {
            (request: inout CheckpointRequest, value) throws(UsageProblem) in
            guard value == "network" else {
                throw UsageProblem(problem: "option --empty-ns: \"\(value)\" is not network")
            }
            request.emptyNetwork = true
        }.repeatable,
    ]
}

extension CheckpointRequest.CgroupsMode: Word {
    package var word: Bytes {
        switch self {
        case .soft: "soft"
        case .full: "full"
        case .strict: "strict"
        case .ignore: "ignore"
        }
    }
}

extension CheckpointRequest.NetworkLock: Word {
    package var word: Bytes {
        switch self {
        case .iptables: "iptables"
        case .nftables: "nftables"
        case .skip: "skip"
        }
    }
}
