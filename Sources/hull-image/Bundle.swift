// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullImage
internal import HullKernel
internal import HullLayers
internal import HullLinux
internal import HullOCI

extension ImageProgram {
    func unpack(_ options: ImageUnpackOptions) throws(ImageError) {
        let (layout, image) = try choose(options.image, options.platform)
        let unpacked = try unpack(image, from: layout, into: try openStore(), progress: 2)
        print(unpacked.layers.map { $0 + "\n" }.joined(""))
    }

    func bundle(_ options: ImageBundleOptions) throws(ImageError) {
        let directory = try absolute(options.directory)
        let file = directory + "/config.json"
        try refuseExisting(file)
        let (layout, image) = try choose(options.image, options.platform)
        let store = try openStore()
        let unpacked = try unpack(image, from: layout, into: store, progress: Int32(clamping: options.progress))
        let user = try user(of: image.configuration, unpacked.layers, in: store)
        var wishes = Conversion.Wishes()
        wishes.arguments = options.arguments.isEmpty ? nil : options.arguments
        wishes.terminal = options.terminal
        wishes.lowerLayers = options.rootfs ? nil : unpacked.layers
        let text = try convert(image.configuration, wishes, user)
        try makeDirectory(directory)
        if options.rootfs {
            try store.flatten(unpacked.layers, into: directory + "/rootfs")
        } else {
            // `root.path` is what state reports; nothing is ever in it.
            try makeDirectory(directory + "/rootfs")
        }
        do throws(SystemError) {
            try Descriptor(opening: file, [.write, .create, .exclusive], mode: 0o644).writeAll(text, file)
        } catch { throw ImageError("write the configuration", file, error.line) }
        // Only now: a bundle is one as long as it has a config.json. Until here the image's own entry keeps the layers.
        if !options.rootfs { try store.hold(unpacked.manifest, by: directory) }
    }

    private func refuseExisting(_ file: Bytes) throws(ImageError) {
        let status: FileStatus?
        do throws(SystemError) { status = try HostFiles.status(file) } catch {
            throw ImageError("look for a bundle", file, error.line)
        }
        if status != nil { throw ImageError("", "", "file \(file) exists", hint: "remove it first") }
    }

    private func makeDirectory(_ path: Bytes) throws(ImageError) {
        do throws(SystemError) { try HostFiles.makeDirectories(path, mode: 0o755) } catch {
            throw ImageError("make the bundle", path, error.line)
        }
    }

    /// Who the image's process is, by the passwd and group that a process in it would find.
    private func user(
        of image: ImageConfiguration, _ layers: [Bytes], in store: ImageStore
    ) throws(ImageError) -> ImageUser {
        let passwd = try store.file("/etc/passwd", in: layers, limit: 1 << 20) ?? ""
        let group = try store.file("/etc/group", in: layers, limit: 1 << 20) ?? ""
        do throws(ImageUser.Problem) {
            return try ImageUser(image.config.user, passwd: passwd, group: group)
        } catch { throw error.error(for: image.config.user ?? "") }
    }

    /// The text of the config.json.
    private func convert(
        _ image: ImageConfiguration, _ wishes: Conversion.Wishes, _ user: ImageUser
    ) throws(ImageError) -> Bytes {
        let standard: DefaultConfig = caller.isRoot ? .privileged : .rootless(uid: caller.uid, gid: caller.gid)
        do throws(ConfigErrors) {
            var conversion = Conversion(image, wishes)
            var config = try conversion.config(over: try Config.read(standard.text.array), user: user)
            for loss in caller.map(&config) { warn(loss) }
            for warning in conversion.warnings { warn(warning.line(in: "the image's configuration")) }
            return Bytes(JSONWriter.text(of: config, .blanks(4))) + "\n"
        } catch {
            let first = error.list.first
            throw ImageError("", "the image's configuration", first?.problem ?? "it cannot be used", hint: first?.hint)
        }
    }
}
