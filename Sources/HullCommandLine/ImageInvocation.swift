// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullPlan

/// The options before the command of hull-image.
package struct ImageGlobals: Equatable, Sendable {
    /// Where unpacked layers are kept; nil for the default place.
    package var store: Bytes?
    /// The bytes that one layer may unpack to; nil for the default.
    package var mostBytes: UInt64?
    /// The files that one layer may have; nil for the default.
    package var mostFiles: UInt32?

    /// The defaults.
    package init() {}

    /// What may stand before the command.
    package static var table: [Option<ImageGlobals>] {
        [
            .path("store", "DIR", "keep unpacked layers in DIR") { $0.store = $1 },
            .text("max-layer-size", "SIZE", "refuse a layer that unpacks to more: 64g") {
                (options: inout ImageGlobals, value) throws(UsageProblem) in
                options.mostBytes = try parseSize(value, of: "max-layer-size")
            },
            .text("max-layer-files", "N", "refuse a layer of more files") {
                (options: inout ImageGlobals, value) throws(UsageProblem) in
                options.mostFiles = try parseCount(value, of: "max-layer-files")
            },
        ]
    }
}

/// What hull-image can be asked to do. The order is that of the help.
package enum ImageVerb: CaseIterable, Sendable {
    case bundle, unpack, list, inspect, diff, commit, remove, gc, help

    /// How the command is written.
    package var name: Bytes {
        switch self {
        case .bundle: "bundle"
        case .unpack: "unpack"
        case .list: "list"
        case .inspect: "inspect"
        case .diff: "diff"
        case .commit: "commit"
        case .remove: "remove"
        case .gc: "gc"
        case .help: "help"
        }
    }

    /// The type that the command's words are read into.
    var options: any VerbOptions.Type {
        switch self {
        case .bundle: ImageBundleOptions.self
        case .unpack: ImageUnpackOptions.self
        case .list: ImageListOptions.self
        case .inspect: ImageInspectOptions.self
        case .diff: ImageDiffOptions.self
        case .commit: ImageCommitOptions.self
        case .remove: ImageRemoveOptions.self
        case .gc: ImageGCOptions.self
        case .help: ImageHelpOptions.self
        }
    }

    static func named(_ name: Bytes) throws(UsageProblem) -> ImageVerb {
        if let verb = allCases.first(where: { $0.name == name }) { return verb }
        throw UsageProblem(
            problem: "unknown command \"\(name)\"", hint: nearestHint(to: name, among: allCases.map(\.name)))
    }
}

/// A command of hull-image with what it was told.
package enum ImageCommand: Equatable, Sendable {
    case bundle(ImageBundleOptions)
    case unpack(ImageUnpackOptions)
    case list(ImageListOptions)
    case inspect(ImageInspectOptions)
    case diff(ImageDiffOptions)
    case commit(ImageCommitOptions)
    case remove(ImageRemoveOptions)
    case gc
    /// Help about one command, or about all.
    case help(ImageVerb?)
}

/// The command line of hull-image, read once.
package struct ImageInvocation: Equatable, Sendable {
    /// The options before the command.
    package let globals: ImageGlobals
    /// The command with its own options.
    package let command: ImageCommand
    /// How the command is called in messages.
    package let name: Bytes

    /// A command line that is not understood, in one line without a newline.
    package struct Problem: Error, Equatable {
        /// The line.
        package let line: Bytes
    }

    /// Reads the words after the program's name.
    package init(_ words: [Bytes]) throws(Problem) {
        var verb: ImageVerb?
        do throws(UsageProblem) {
            var globals = ImageGlobals()
            var parser = Parser(words[...], by: ImageGlobals.table, stopsAtOperand: true)
            try parser.read(into: &globals)
            self.globals = globals
            guard !parser.wantsHelp, let word = parser.operands.first else {
                command = .help(nil)
                name = "image"
                return
            }
            let found = try ImageVerb.named(word)
            verb = found
            command = try ImageInvocation.read(found, parser.operands.dropFirst())
            name = "image " + found.name
        } catch {
            let name: Bytes = verb.map { "hull image " + $0.name } ?? "hull image"
            let help: Bytes = verb == nil ? "see hull image help" : "see \(name) --help"
            throw Problem(line: printable("\(name): \(error.problem) (\(error.hint ?? help))"))
        }
    }

    private static func read(_ verb: ImageVerb, _ words: ArraySlice<Bytes>) throws(UsageProblem) -> ImageCommand {
        func read<Options: VerbOptions>(_ make: (Options) -> ImageCommand) throws(UsageProblem) -> ImageCommand {
            var options = Options()
            var parser = Parser(
                words, by: Options.table, stopsAtOperand: Options.stopsAtOperand,
                globals: ImageGlobals.table.map(\.entry))
            try parser.read(into: &options)
            if parser.wantsHelp { return .help(verb) }
            do throws(OperandProblem) { try options.take(parser.operands) } catch { throw error.problem }
            return make(options)
        }
        switch verb {
        case .bundle: return try read(ImageCommand.bundle)
        case .unpack: return try read(ImageCommand.unpack)
        case .list: return try read(ImageCommand.list)
        case .inspect: return try read(ImageCommand.inspect)
        case .diff: return try read(ImageCommand.diff)
        case .commit: return try read(ImageCommand.commit)
        case .remove: return try read(ImageCommand.remove)
        case .gc: return try read { (_: ImageGCOptions) in .gc }
        case .help:
            let asked = try read { (options: ImageHelpOptions) in .help(options.verb == nil ? nil : .help) }
            guard case .help(.some) = asked, let word = words.first, !word.hasPrefix("-") else { return asked }
            return .help(try ImageVerb.named(word))
        }
    }
}

/// What `hull image help` prints, or `hull image COMMAND --help`.
package func imageHelpText(_ verb: ImageVerb?) -> Bytes {
    guard let verb else {
        return overviewText(
            "hull image: OCI images, from a layout on the disk to a bundle", program: "hull image",
            commands: ImageVerb.allCases.map { ($0.name, $0.options.page.summary) },
            globals: ImageGlobals.table.map(\.entry),
            example: "image bundle /srv/layout:web /srv/web && hull run --bundle /srv/web web")
    }
    return pageText(verb.options.page, of: verb.name, program: "hull image", entries: verb.options.entries)
}
