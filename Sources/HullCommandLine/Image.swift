// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `image` was told is for another program: this is only its help.
package struct ImageOptions: VerbOptions {
    package init() {}

    package static var stopsAtOperand: Bool { true }

    package static var page: VerbPage {
        VerbPage(
            summary: "look at OCI images, unpack them, make bundles of them", operands: "COMMAND [ARG...]",
            more: "The commands are those of hull-image, a program beside hull:\n"
                + "hull image --help is this text, hull image help lists them.",
            example: "image bundle /srv/layout:web /srv/web")
    }
}

extension CreateOptions {
    /// The words for hull-image that make the bundle in this directory.
    package func bundleWords(in directory: Bytes, terminal: Bool) -> [Bytes] {
        guard let image else { return [] }
        var words: [Bytes] = ["hull-image"]
        if let imageStore { words += ["--store", imageStore] }
        words += ["bundle", "--progress-to", "1"]
        if let platform { words += ["--platform", platform] }
        if terminal { words.append("--terminal") }
        return words + ["--", image, directory] + arguments
    }
}
