// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullImage
internal import HullKernel
internal import HullLayers
internal import HullPlan

extension ImageProgram {
    func commit(_ options: ImageCommitOptions) throws(ImageError) {
        let (_, image) = try choose(options.image, options.platform)
        let now = Clock.realtime
        let time = Timestamp(seconds: now.seconds, nanoseconds: UInt32(now.nanoseconds))
        let commit = Commit(
            upper: options.upper, reference: options.name, created: time.rfc3339, createdBy: "hull image commit",
            author: options.author, comment: options.comment)
        // The choice has found the layout by these words before.
        guard let reference = try? ImageReference(options.image) else { return }
        print(try commit.write(on: image, in: reference.layout).digest.text + "\n")
    }

    func remove(_ options: ImageRemoveOptions) throws(ImageError) {
        let store = try openStore()
        let images = try store.images()
        let said = options.image
        let hex = said.hasPrefix("sha256:") ? said.dropFirst(7) : said
        let named = images.filter { $0.names.contains(said) }
        let found = !named.isEmpty || hex.count < 4 ? named : images.filter { $0.manifest.hex.hasPrefix(hex) }
        guard let image = found.first else {
            let names = images.flatMap(\.names)
            throw ImageError(
                "", "", "there is no image \"\(said)\" in the store",
                hint: names.isEmpty ? "image list shows what there is" : namesHint(for: said, among: names))
        }
        guard found.count == 1 else {
            throw ImageError("", "", "\(found.count) images in the store begin with \(said)", hint: "say more digits")
        }
        try store.remove(image.manifest)
    }

    func collect() throws(ImageError) {
        let gone = try openStore().collect()
        print("removed \(gone.layers) layers, \(gone.documents) documents and \(gone.leftovers) leftovers\n")
    }
}
