// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `create` was told; `run` understands the same and more.
package struct CreateOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// The directory of the bundle; nil for the current one.
    package var bundle: Bytes?
    /// The config file, where it is not the bundle's config.json.
    package var config: Bytes?
    /// The socket that gets the terminal.
    package var consoleSocket: Bytes?
    /// The file that gets the process id.
    package var pidFile: Bytes?
    /// The socket that gets the process descriptor.
    package var pidfdSocket: Bytes?
    /// Do not adopt orphans.
    package var noSubreaper = false
    /// Move the root mount rather than pivot.
    package var noPivot = false
    /// Where the changes to a root that is a union go: `tmpfs`, `tmpfs:SIZE` or a directory.
    package var overlay: Bytes?
    /// Keep the session keyring of the caller.
    package var noNewKeyring = false
    /// A limit that cannot be applied is an error for every user.
    package var strictResources = false
    /// How many descriptors beyond stdio (and `LISTEN_FDS`) the process keeps.
    package var preserveFDs: UInt32 = 0
    /// The file that gets the times of all steps.
    package var trace: Bytes?
    /// The image to make the bundle of, `LAYOUT[:REF]`.
    package var image: Bytes?
    /// Which of several images, `OS/ARCH[/VARIANT]`.
    package var platform: Bytes?
    /// Where unpacked layers are kept.
    package var imageStore: Bytes?
    /// The arguments in place of the image's own.
    package var arguments: [Bytes] = []

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "prepare a container and leave it waiting for start", operands: "ID [-- ARG...]",
            more: "All that can fail has been tried when create returns: start only lets the\nprogram begin. "
                + "Arguments take the place of those that an image has.",
            example: "create --bundle /srv/web --pid-file /run/web.pid web")
    }

    package static var table: [Option<CreateOptions>] {
        [
            .path("bundle", letter: "b", "DIR", "the bundle's directory (default: current)") { $0.bundle = $1 },
            .path("config", letter: "f", "FILE", "read FILE, not config.json in the bundle") { $0.config = $1 },
            .path("console-socket", "SOCKET", "send the terminal to this Unix socket") { $0.consoleSocket = $1 },
            .path("pid-file", "FILE", "write the process id to FILE") { $0.pidFile = $1 },
            .path("pidfd-socket", "SOCKET", "send a descriptor of the process there") { $0.pidfdSocket = $1 },
            .flag("no-subreaper", "do not adopt orphaned processes") { $0.noSubreaper = $1 },
            .flag("no-pivot", "move the root mount, do not pivot") { $0.noPivot = $1 },
            overlayOption { $0.overlay = $1 },
            .flag("no-new-keyring", "keep the caller's session keyring") { $0.noNewKeyring = $1 },
            .flag("strict-resources", "a limit that cannot be applied is an error") { $0.strictResources = $1 },
            .text("preserve-fds", "N", "keep N descriptors from 3 on open") {
                (options: inout CreateOptions, value) throws(UsageProblem) in
                options.preserveFDs = try parseCount(value, of: "preserve-fds")
            },
            traceOption { $0.trace = $1 },
        ] + imageOptions
    }

    /// What makes the bundle, in place of one that is there.
    private static var imageOptions: [Option<CreateOptions>] {
        [
            .path("image", "LAYOUT[:REF]", "make the bundle of this OCI image") { $0.image = $1 },
            .path("platform", "OS/ARCH", "the platform, of several that it is for") { $0.platform = $1 },
            .path("image-store", "DIR", "keep its unpacked layers in DIR") { $0.imageStore = $1 },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        guard image != nil else {
            id = try onlyID(operands)
            return
        }
        guard let first = operands.first else { throw .missing("ID") }
        if bundle != nil || config != nil { throw .twice("the bundle") }
        id = first
        arguments = Array(operands.dropFirst())
    }
}

/// What `create`, `run`, `start` and `exec` understand.
func traceOption<Target>(_ set: @escaping (inout Target, Bytes?) -> Void) -> Option<Target> {
    .path("trace", "FILE", "write when each step was done to FILE (.svg: drawn)", set)
}

/// What `create`, `run` and `plan` understand.
func overlayOption<Target>(_ set: @escaping (inout Target, Bytes?) -> Void) -> Option<Target> {
    .optional("overlay", "tmpfs[:SIZE]|DIR", or: "tmpfs", "leave the root as it is: changes go here", set)
}

/// What `run` was told.
package struct RunOptions: VerbOptions {
    /// What it shares with `create`.
    package var create = CreateOptions()
    /// Return once the program runs.
    package var detach = false
    /// Leave the record when the program has ended.
    package var keep = false
    /// Where the report of denied system calls goes, `-` for standard error; nil for no report.
    package var seccompReport: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "create a container, start it and wait for its end", operands: "ID [-- ARG...]",
            more: "The exit status is the program's, or 128 and the number of the signal that\nended it. "
                + "Arguments take the place of those that an image has.",
            example: "run --bundle /srv/web web")
    }

    package static var table: [Option<RunOptions>] {
        CreateOptions.table.map { option in
            option.inside { (options: inout RunOptions, store) throws(UsageProblem) in try store(&options.create) }
        } + [
            .flag("detach", letter: "d", "return when the program has started") { $0.detach = $1 },
            .flag("keep", "do not delete the container at its end") { $0.keep = $1 },
            .optional("seccomp-report", "FILE", or: "-", "tell which system calls the filter denied") {
                $0.seccompReport = $1
            },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { try create.take(operands) }
}
