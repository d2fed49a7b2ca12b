// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullImage
internal import HullKernel
internal import HullLayers
internal import HullOCI

/// One invocation of hull-image, from the command to the exit code.
struct ImageProgram {
    let invocation: ImageInvocation
    let caller: Caller

    init(_ invocation: ImageInvocation) {
        self.invocation = invocation
        if case .help = invocation.command { caller = Caller(entering: false) } else { caller = Caller(entering: true) }
    }

    /// Runs the command; 1 for a failure, which is told on standard error.
    func run() -> Int32 {
        do throws(ImageError) {
            try dispatch()
            return 0
        } catch {
            var line = ErrorLine(verb: invocation.name, cause: error.cause)
            line.operation = error.operation.isEmpty ? nil : error.operation
            line.object = error.object.isEmpty ? nil : error.object
            line.hint = error.hint
            write(line.line + "\n", to: 2)
            return 1
        }
    }

    private func dispatch() throws(ImageError) {
        switch invocation.command {
        case .bundle(let options): try bundle(options)
        case .unpack(let options): try unpack(options)
        case .list(let options): try list(options)
        case .inspect(let options): try inspect(options)
        case .diff(let options): try diff(options)
        case .commit(let options): try commit(options)
        case .remove(let options): try remove(options)
        case .gc: try collect()
        case .help(let verb): print(imageHelpText(verb))
        }
    }

    // MARK: What is said

    /// Prints a result.
    func print(_ text: Bytes) { write(text, to: 1) }

    /// Says what is not as it should be, and no error.
    func warn(_ text: Bytes) {
        write(ErrorLine(verb: invocation.name, cause: "warning: " + text).line + "\n", to: 2)
    }

    /// Nobody may be listening: not our failure.
    private func write(_ text: Bytes, to stream: Int32) { try? hullWriteAll(stream, text, "") }

    // MARK: What most commands begin with

    /// The store that was said, or the caller's own.
    func openStore() throws(ImageError) -> ImageStore {
        var limits = UnpackLimits()
        if let most = invocation.globals.mostBytes { limits.content = most }
        if let most = invocation.globals.mostFiles { limits.entries = Int(most) }
        return try ImageStore(root: try absolute(storePath()), limits: limits)
    }

    private func storePath() throws(ImageError) -> Bytes {
        if let said = invocation.globals.store { return said }
        if caller.isRoot { return "/var/lib/hull/images" }
        if let data = CurrentProcess.variable("XDG_DATA_HOME"), data.isAbsolutePath { return data + "/hull/images" }
        if let home = CurrentProcess.variable("HOME"), home.isAbsolutePath {
            return home + "/.local/share/hull/images"
        }
        throw ImageError(
            "", "", "there is no place for unpacked layers: HOME is not set", hint: "say one with --store DIR")
    }

    /// The path from the caller's working directory on: it is written into files that others read elsewhere.
    func absolute(_ path: Bytes) throws(ImageError) -> Bytes {
        if path.isAbsolutePath { return path.cleanedPath }
        do throws(SystemError) { return path.below(try HostFiles.workingDirectory()).cleanedPath } catch {
            throw ImageError("find the working directory", "", error.line)
        }
    }

    /// The layout and the one image of it that was asked for.
    func choose(_ words: Bytes, _ platform: Bytes?) throws(ImageError) -> (layout: Layout, image: ResolvedImage) {
        let reference: ImageReference
        do throws(ImageReference.Problem) { reference = try ImageReference(words) } catch {
            throw ImageError("", "", error.text, hint: error.hint)
        }
        let wanted = try platform.map(readPlatform)
        let layout = try Layout(opening: reference.layout)
        let search = ImageSearch(reference.image, platform: wanted, host: .host)
        let found = try search.manifest(in: try layout.index()) { (descriptor) throws(ImageError) in
            try layout.index(descriptor)
        }
        switch found {
        case .failure(let problem): throw problem.error(in: reference.layout)
        case .success(let descriptor):
            let image = try layout.image(descriptor)
            try check(image.configuration.platform, wanted)
            return (layout, image)
        }
    }

    private func readPlatform(_ text: Bytes) throws(ImageError) -> Platform {
        if let platform = Platform(text: text) { return platform }
        throw ImageError("", "", "option --platform: \"\(text)\" is no platform", hint: "linux/amd64, linux/arm/v7")
    }

    /// A descriptor need not say the platform, or says another one than the image itself.
    private func check(_ platform: Platform, _ wanted: Platform?) throws(ImageError) {
        if let wanted, !wanted.includes(platform) {
            throw ImageError("", "", "the image is for \(platform.text), not for \(wanted.text)")
        }
        if wanted == nil, !Platform.host.includes(platform) {
            warn("the image is for \(platform.text), this machine is \(Platform.host.text)")
        }
    }

    /// Brings the image's layers into the store, showing how far that is.
    func unpack(
        _ image: ResolvedImage, from layout: Layout, into store: ImageStore, progress: Int32
    ) throws(ImageError) -> ImageStore.UnpackedImage {
        var display = ProgressDisplay(on: progress, sizes: image.manifest.layers.map(\.size))
        do throws(ImageError) {
            let unpacked = try store.unpack(image, from: layout) { display.show($0) }
            display.finish()
            for line in unpacked.warnings.lines(caller.reason) { warn(line) }
            return unpacked
        } catch {
            display.finish()
            throw error
        }
    }
}

extension Platform {
    /// The machine at hand.
    static var host: Platform {
        #if arch(arm64)
            Platform(os: "linux", architecture: "arm64")
        #elseif arch(x86_64)
            Platform(os: "linux", architecture: "amd64")
        #elseif arch(riscv64)
            Platform(os: "linux", architecture: "riscv64")
        #else
            #error("what Go calls this processor is not written here")
        #endif
    }
}
