// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Which attacks are known to bite on Debian's crun 1.8.1 and runc 1.1.5. The test must fail there, so that the table
/// cannot go stale; hull has none. Specs/Attacks.md shows the same.
struct Bite {
    let reason: String
    /// It shows in some runs only: a race.
    var sometimes = false

    static func of(_ id: String) -> Bite? {
        switch Runtime.kind {
        case .crun: crunBites[id].map { Bite(reason: "crun \($0)") }
        case .runc: runcBites[id].map { Bite(reason: "runc \($0)", sometimes: races.contains(id)) }
        case .hull, nil: nil
        }
    }
}

/// Attacks that depend on who is faster.
private let races = ["AT-03"]

let crunBites = [
    "AT-05": "makes devices and links behind the link, and removes ptmx there",
    "AT-06": "makes the file behind the link",
    "AT-09": "binds, and makes the mount read-only afterwards",
    "AT-10": "makes the mount point before the bind is read-only",
    "AT-22": "mounts over any of them",
    "AT-23": "writes into the decoy",
    "AT-34": "opens the link, and gives the file behind it to the container's user",
    "AT-35": "gives the null device to the container's user",
    "AT-44": "enters a descriptor of the caller",
    "AT-61": "takes texts that are no numbers",
    "AT-66": "takes any text without a slash",
    "AT-70": "allows all devices where no list is given",
    "AT-72": "writes any name that the kernel does not refuse",
    "AT-73": "goes where the path leads",
    "AT-74": "takes it, and kills who is in it at the end",
    "AT-81": "leaves exec in the caller's",
    "AT-92": "does not take the user of the config for exec",
]

let runcBites = [
    "AT-02": "makes the mount point behind the link",
    "AT-03": "makes the mount point behind the link",
    "AT-04": "makes the mount point behind the link",
    "AT-05": "makes links behind the link, and replaces ptmx there",
    "AT-09": "binds, and makes the mount read-only afterwards",
    "AT-30": "binds whatever the link leads to, and takes a missing one for nothing to hide",
    "AT-61": "takes texts that are no numbers",
    "AT-71": "leaves the cgroups below a recursive read-only bind writable",
    "AT-74": "takes it",
]

@Suite
struct Table {
    // Goal: the page says what the tests know. Method: its rows against the lists above.
    @Test("the table of Specs/Attacks.md names what bites")
    func table() throws {
        let text = try #require(Files.read(RootFilesystem.repository + "/Specs/Attacks.md"))
        let rows = text.split(separator: "\n").map { $0.components(separatedBy: " | ") }.filter { $0.count == 5 }
        for (column, bites) in [(3, crunBites), (4, runcBites)] {
            let said = rows.filter { $0[0].hasPrefix("| AT-") && $0[column].hasPrefix("bites") }
            #expect(said.map { String($0[0].dropFirst(2)) }.sorted() == bites.keys.sorted())
        }
    }
}
