// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

/// An archive that means harm, and the sentence that refuses it.
struct Attack: Sendable, CustomTestStringConvertible {
    var name: String
    var cause: String
    var lower: @Sendable (inout Tar, String) -> Void = { _, _ in }
    var entries: @Sendable (inout Tar, String) -> Void
    var testDescription: String { name }
}

let attacks: [Attack] = [
    Attack(name: "upwards", cause: "the name leads out of the layer by \"..\"") { tar, _ in
        tar.add("a/../../canary/file", "0", "x")
    },
    Attack(name: "upwards alone", cause: "the name leads out of the layer by \"..\"") { tar, _ in tar.add("..", "5")
    },
    Attack(name: "link as parent", cause: "the name leads through the symbolic link x") { tar, canary in
        tar.add("x", "2", link: Bytes(canary))
        tar.add("x/file", "0", "x")
    },
    Attack(name: "link as far parent", cause: "the name leads through the symbolic link a/x") { tar, canary in
        tar.add("a/x", "2", link: Bytes(canary))
        tar.add("a/x/directory/file", "0", "x")
    },
    Attack(
        name: "link of a lower layer as parent",
        cause: "the name leads through x, a symbolic link of a lower layer",
        lower: { tar, canary in tar.add("x", "2", link: Bytes(canary)) },
        entries: { tar, _ in tar.add("x/file", "0", "x") }),
    Attack(
        name: "file of a lower layer as parent",
        cause: "the name leads through x, which is not a directory in a lower layer",
        lower: { tar, _ in tar.add("x", "0", "x") }, entries: { tar, _ in tar.add("x/file", "0", "x") }),
    Attack(name: "file as parent", cause: "the name leads through x, which is not a directory") { tar, _ in
        tar.add("x", "0", "x")
        tar.add("x/file", "0", "x")
    },
    // CVE-2021-29136: what comes after would be written where the link leads.
    Attack(name: "root as link", cause: "the root of a layer must be a directory") { tar, canary in
        tar.add(".", "2", link: Bytes(canary))
        tar.add("file", "0", "x")
    },
    Attack(name: "root as file", cause: "the root of a layer must be a directory") { tar, _ in tar.add(".", "0") },
    Attack(name: "link to itself", cause: "the link leads to itself") { tar, _ in
        tar.add("x", "1", link: "./x")
    },
    Attack(name: "hard link outside", cause: "the link leads out of the layer by \"..\": ../canary/file") {
        tar, _ in
        tar.add("x", "1", link: "../canary/file")
    },
    Attack(name: "hard link through a link", cause: "the link leads through a symbolic link: x/file") {
        tar, canary in
        tar.add("x", "2", link: Bytes(canary))
        tar.add("y", "1", link: "x/file")
    },
    Attack(name: "hard link to nothing", cause: "the link leads to y, which is not there") { tar, _ in
        tar.add("x", "1", link: "y")
    },
    Attack(name: "hard link to a directory", cause: "a hard link cannot lead to a directory: y") { tar, _ in
        tar.add("y", "5")
        tar.add("x", "1", link: "y")
    },
    Attack(
        name: "hard link to what is removed", cause: "the link leads to y, which the layer removes",
        lower: { tar, _ in tar.add("y", "0", "x") },
        entries: { tar, _ in
            tar.add(".wh.y")
            tar.add("x", "1", link: "y")
        }),
    Attack(name: "whiteout of nothing", cause: "the mark .wh. does not say what is removed") { tar, _ in
        tar.add("a/.wh.")
    },
    Attack(name: "whiteout of dots", cause: "the mark would remove a directory that it lies in") { tar, _ in
        tar.add("a/.wh...")
    },
    Attack(
        name: "whiteout as parent", cause: "names that begin with .wh. mark removals and cannot be directories"
    ) { tar, _ in tar.add(".wh.a/file") },
    Attack(name: "whiteout with content", cause: "the mark of a removal must be an empty file") { tar, _ in
        tar.add(".wh.a", "0", "x")
    },
    Attack(name: "opaque as directory", cause: "the mark of a removal must be an empty file") { tar, _ in
        tar.add(".wh..wh..opq", "5")
    },
    Attack(
        name: "whiteout as device",
        cause: "a character device 0:0 is overlayfs's own mark of a removal, which a layer cannot have"
    ) { tar, _ in tar.add("etc", "3") },
    Attack(
        name: "trusted.overlay",
        cause: "the attribute trusted.overlay.redirect is overlayfs's own, which a layer cannot have"
    ) { tar, _ in tar.add("a", "5", pax: [("SCHILY.xattr.trusted.overlay.redirect", "/etc")]) },
    Attack(
        name: "user.overlay",
        cause: "the attribute user.overlay.opaque is overlayfs's own, which a layer cannot have"
    ) { tar, _ in tar.add("a", "0", pax: [("SCHILY.xattr.user.overlay.opaque", "y")]) },
    Attack(name: "twice", cause: "the layer has this name twice") { tar, _ in
        tar.add("a", "0", "first")
        tar.add("./a", "0", "second")
    },
    Attack(name: "directory over a link", cause: "the layer has this name twice") { tar, canary in
        tar.add("a", "2", link: Bytes(canary))
        tar.add("a", "5")
        tar.add("a/file", "0", "x")
    },
    Attack(name: "no owner", cause: "there is no owner 4294967295:0") { tar, _ in
        tar.add("a", "0", pax: [("uid", "4294967295")])
    },
    Attack(name: "owner beyond", cause: "there is no owner 4294967296:0") { tar, _ in
        tar.add("a", "0", pax: [("uid", "4294967296")])
    },
    Attack(name: "hard link with content", cause: "a hard link has no content of its own, this one says 1 bytes") {
        tar, _ in
        tar.add("a", "0", "x")
        tar.add("b", "1", "x", link: "a", pax: [("size", "1")])
    },
    Attack(
        name: "deep", cause: "the name leads through more than 200 directories"
    ) { tar, _ in tar.add("short", "0", "x", pax: [("path", Bytes(String(repeating: "d/", count: 500) + "f"))]) },
]
