// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullImage
internal import HullLayers
internal import HullPlan

extension ChoiceProblem {
    /// The problem in words, with what there is instead.
    func error(in layout: Bytes) -> ImageError {
        switch self {
        case .empty: ImageError("", layout, "there is no image in it")
        case .unknownName(let name, let there):
            ImageError("", layout, "there is no image \"\(name)\" in it", hint: hint(for: name, there))
        case .unknownDigest(let digest, let there):
            ImageError(
                "", layout, "there is no image with the digest \(digest.text) in it",
                hint: list("there are", there.map(\.text)))
        case .severalNames(let names):
            ImageError(
                "", layout, "there are \(names.count) images in it, say which one",
                hint: list("", names.map { "\(layout):\($0)" }))
        case .noPlatform(let wanted, let there):
            ImageError(
                "", layout, "the image is not for \(wanted.text)",
                hint: there.isEmpty ? "it does not say for which platforms" : list("it is for", there.map(\.text)))
        case .severalImages(let platform, let digests):
            ImageError(
                "", layout, "\(digests.count) images in it are for \(platform.text), say which one by its digest",
                hint: list("", digests.map { "\(layout)@\($0.text)" }))
        case .endless: ImageError("", layout, "its indexes lie in each other too deeply")
        }
    }

    private func hint(for name: Bytes, _ there: [Bytes]) -> Bytes {
        if there.isEmpty { return "its images have no names: say LAYOUT alone, or LAYOUT@DIGEST" }
        return (nearestHint(to: name, among: there).map { $0 + " " } ?? "") + list("in it:", there)
    }
}

extension ImageUser.Problem {
    /// The problem in words.
    func error(for said: Bytes) -> ImageError {
        switch self {
        case .form(let text, let hint): ImageError("", "the image's user", text, hint: hint)
        case .unknownUser(let name, let there):
            ImageError(
                "", "the image's user", "\"\(name)\" is not in its /etc/passwd",
                hint: there.isEmpty ? "it has none" : namesHint(for: name, among: Array(there.prefix(20))))
        case .unknownGroup(let name, let there):
            ImageError(
                "", "the image's user", "the group \"\(name)\" is not in its /etc/group",
                hint: there.isEmpty ? "it has none" : namesHint(for: name, among: Array(there.prefix(20))))
        case .brokenLine(let name, let file):
            ImageError("", "the image's user", "the line of \"\(name)\" in its \(file) has no ids in range")
        }
    }
}

/// Some words and a list, cut where it is too long for a line.
private func list(_ words: Bytes, _ all: [Bytes]) -> Bytes {
    let shown = Array(all.prefix(12)).joined(", ")
    let more: Bytes = all.count > 12 ? ", and \(all.count - 12) more" : ""
    return words.isEmpty ? shown + more : "\(words) \(shown)\(more)"
}
