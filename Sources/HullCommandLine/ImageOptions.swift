// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `image bundle` was told.
package struct ImageBundleOptions: VerbOptions {
    /// The image.
    package var image: Bytes = ""
    /// The directory that becomes a bundle.
    package var directory: Bytes = ""
    /// The arguments in place of the image's own.
    package var arguments: [Bytes] = []
    /// Which of several images.
    package var platform: Bytes?
    /// A copy of the tree in place of shared layers.
    package var rootfs = false
    /// Give the process a terminal.
    package var terminal = false
    /// The descriptor that progress is shown on.
    package var progress: UInt32 = 2

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "make a bundle of an image", operands: "IMAGE DIR [-- ARG...]",
            more: "IMAGE is LAYOUT, LAYOUT:REF or LAYOUT@sha256:DIGEST.\n"
                + "The bundle's root is a union over layers that all containers of the image\n"
                + "share. Arguments take the place of the image's own, after its entrypoint.",
            example: "image bundle /srv/layout:web /srv/web")
    }

    package static var table: [Option<ImageBundleOptions>] {
        [
            platformOption { $0.platform = $1 },
            .flag("rootfs", "copy the tree into the bundle, for any runtime") { $0.rootfs = $1 },
            .flag("terminal", letter: "t", "give the process a terminal") { $0.terminal = $1 },
            .text("progress-to", "FD", "show progress on this descriptor (default: 2)") {
                (options: inout ImageBundleOptions, value) throws(UsageProblem) in
                options.progress = try parseCount(value, of: "progress-to")
            },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        guard let first = operands.first else { throw .missing("IMAGE") }
        guard operands.count > 1 else { throw .missing("DIR") }
        image = first
        directory = operands[1]
        arguments = Array(operands.dropFirst(2))
    }
}

/// What `image unpack` was told.
package struct ImageUnpackOptions: VerbOptions {
    /// The image.
    package var image: Bytes = ""
    /// Which of several images.
    package var platform: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "unpack the layers of an image into the store", operands: "LAYOUT[:REF]",
            more: "Layers that are there already are not looked at. The directories of all are\n"
                + "printed, the topmost first, as lower layers of overlayfs.",
            example: "image unpack /srv/layout:web")
    }

    package static var table: [Option<ImageUnpackOptions>] { [platformOption { $0.platform = $1 }] }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        image = try only(operands, "LAYOUT")
    }
}

/// What `image list` was told.
package struct ImageListOptions: VerbOptions {
    /// The layout whose images are listed; nil for those in the store.
    package var layout: Bytes?
    /// How the listing looks.
    package var format = ListFormat.table

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "list the images of the store, or of a layout", operands: "[LAYOUT]", example: "image list")
    }

    package static var table: [Option<ImageListOptions>] { [jsonOption { $0.format = $1 }] }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        if operands.count > 1 { throw .unexpected(operands[1]) }
        layout = operands.first
    }
}

/// What `image inspect` was told.
package struct ImageInspectOptions: VerbOptions {
    /// The image.
    package var image: Bytes = ""
    /// Which of several images.
    package var platform: Bytes?
    /// How it looks.
    package var format = ListFormat.table

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "show what an image says of itself", operands: "LAYOUT[:REF]",
            more: "Nothing is unpacked. With --json: its manifest and configuration as they are.",
            example: "image inspect /srv/layout:web")
    }

    package static var table: [Option<ImageInspectOptions>] {
        [platformOption { $0.platform = $1 }, jsonOption { $0.format = $1 }]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        image = try only(operands, "LAYOUT")
    }
}

/// What `image diff` was told.
package struct ImageDiffOptions: VerbOptions {
    /// The image.
    package var image: Bytes = ""
    /// Which of several images.
    package var platform: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "show which layer each path of an image comes from", operands: "LAYOUT[:REF]",
            more: "Layers are counted from the lowest, 1. The image is unpacked if it is not yet.",
            example: "image diff /srv/layout:web")
    }

    package static var table: [Option<ImageDiffOptions>] { [platformOption { $0.platform = $1 }] }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        image = try only(operands, "LAYOUT")
    }
}

/// What `image commit` was told.
package struct ImageCommitOptions: VerbOptions {
    /// The image below.
    package var image: Bytes = ""
    /// The directory with the changes.
    package var upper: Bytes = ""
    /// The name of the new image.
    package var name: Bytes?
    /// Who made it.
    package var author: Bytes?
    /// A word about it.
    package var comment: Bytes?
    /// Which of several images.
    package var platform: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "make an image of another one and a container's changes", operands: "LAYOUT[:REF] UPPER",
            more: "UPPER is the directory \"upper\" that run --overlay=DIR leaves in DIR. The new\n"
                + "image goes into the same layout, and its digest is printed.",
            example: "image commit --name web-2 /srv/layout:web /srv/changes/upper")
    }

    package static var table: [Option<ImageCommitOptions>] {
        [
            .text("name", letter: "n", "REF", "the new image's name in the layout") { $0.name = $1 },
            .text("author", "TEXT", "who made it, for its history") { $0.author = $1 },
            .text("comment", "TEXT", "a word about it, for its history") { $0.comment = $1 },
            platformOption { $0.platform = $1 },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        guard let first = operands.first else { throw .missing("LAYOUT") }
        guard operands.count > 1 else { throw .missing("UPPER") }
        if operands.count > 2 { throw .unexpected(operands[2]) }
        image = first
        upper = operands[1]
    }
}

/// What `image remove` was told.
package struct ImageRemoveOptions: VerbOptions {
    /// The name, or the digest or its first digits.
    package var image: Bytes = ""

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "take an image off the store's list", operands: "IMAGE",
            more: "IMAGE is a name or a digest as image list shows them. Its layers stay until\n"
                + "the next image gc, and longer where a bundle or another image needs them.",
            example: "image remove web")
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        image = try only(operands, "IMAGE")
    }
}

/// What `image gc` was told: nothing.
package struct ImageGCOptions: VerbOptions {
    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "remove layers that no image and no bundle needs", operands: "",
            more: "A bundle is one as long as its config.json is there.", example: "image gc")
    }
}

/// What `image help` was told.
struct ImageHelpOptions: VerbOptions {
    /// About which command.
    var verb: Bytes?

    init() {}

    static var page: VerbPage {
        VerbPage(summary: "print this help, or that of a command", operands: "[COMMAND]", example: "image help bundle")
    }

    mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        if operands.count > 1 { throw .unexpected(operands[1]) }
        verb = operands.first
    }
}

private func platformOption<Target>(_ set: @escaping (inout Target, Bytes?) -> Void) -> Option<Target> {
    .path("platform", "OS/ARCH[/VARIANT]", "the platform, of several that it is for", set)
}

private func jsonOption<Target>(_ set: @escaping (inout Target, ListFormat) -> Void) -> Option<Target> {
    .flag("json", "print JSON") { set(&$0, $1 ? .json : .table) }
}

private func only(_ operands: [Bytes], _ name: Bytes) throws(OperandProblem) -> Bytes {
    guard let first = operands.first else { throw .missing(name) }
    if operands.count > 1 { throw .unexpected(operands[1]) }
    return first
}
