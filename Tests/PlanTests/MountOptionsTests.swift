// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct MountOptionsTests {
    private func resolve(_ options: [String]) -> (MountOptions, Findings) {
        var findings = Findings()
        let result = MountOptions.resolve([Bytes](texts: options), at: "/mounts/2/options", &findings)
        return (result, findings)
    }

    // Goal: each attribute word sets or clears its bit, recursive ones apart. Method: the table of the specification.
    @Test(arguments: [
        ("ro", "rw", MountAttributes.readOnly), ("nosuid", "suid", .noSuid), ("nodev", "dev", .noDev),
        ("noexec", "exec", .noExec), ("nosymfollow", "symfollow", .noSymFollow),
        ("nodiratime", "diratime", .noDirAtime),
    ]) func attributes(set: String, clear: String, bit: MountAttributes) {
        for recursive in [false, true] {
            let prefix = recursive ? "r" : ""
            let (on, _) = resolve([prefix + set])
            let (off, _) = resolve([prefix + clear])
            let (change, other) = recursive ? (on.recursive, on.attributes) : (on.attributes, on.recursive)
            let (undo, undoOther) = recursive ? (off.recursive, off.attributes) : (off.attributes, off.recursive)
            #expect(change.set == bit && change.clear.isEmpty)
            #expect(undo.clear == bit && undo.set.isEmpty)
            #expect(other.isEmpty && undoOther.isEmpty)
            #expect(on.data.isEmpty && on.special.isEmpty && on.bind == nil)
        }
    }

    // Goal: a new access time comes with the whole mask in attr_clr. Method: a table of words and values.
    @Test(arguments: [
        ("noatime", MountAttributes.noAtime), ("strictatime", .strictAtime), ("relatime", .relAtime),
        ("atime", .relAtime), ("nostrictatime", .relAtime),
    ]) func accessTime(word: String, value: MountAttributes) {
        for recursive in [false, true] {
            let (result, _) = resolve([(recursive ? "r" : "") + word])
            let change = recursive ? result.recursive : result.attributes
            #expect(change.set == value && change.clear == .atimeMask)
            #expect((recursive ? result.attributes : result.recursive).isEmpty)
        }
    }

    // Goal: what one access time word leaves of another. Method: pairs, in both orders.
    @Test(
        arguments: [
            (["noatime", "atime"], MountAttributes.relAtime), (["strictatime", "atime"], .strictAtime),
            (["noatime", "nostrictatime"], .noAtime), (["noatime", "strictatime"], .strictAtime),
            (["strictatime", "noatime"], .noAtime), (["noatime", "norelatime"], .noAtime),
            (["strictatime", "relatime"], .relAtime),
        ] as [([String], MountAttributes)])
    func accessTimePairs(words: [String], value: MountAttributes) {
        #expect(resolve(words).0.attributes.accessTime == value)
        let (wide, _) = resolve(words.map { "r" + $0 })
        #expect(wide.recursive.accessTime == value)
    }

    // Goal: norelatime alone asks for nothing. Method: alone, and after the word it takes back.
    @Test func norelatime() {
        #expect(resolve(["norelatime"]).0 == MountOptions())
        #expect(resolve(["relatime", "norelatime"]).0 == MountOptions())
        #expect(resolve(["rrelatime", "rnorelatime"]).0 == MountOptions())
        #expect(resolve(["rnoatime", "relatime", "norelatime"]).0.recursive.accessTime == .noAtime)
    }

    // Goal: flags of the filesystem stay apart from the mount's. Method: a table; names are those of fsconfig(2).
    @Test(
        arguments: [
            (["sync"], SuperblockFlags.synchronous, ["sync"]), (["dirsync"], .dirSync, ["dirsync"]),
            (["mand"], .mandLock, ["mand"]), (["lazytime"], .lazyTime, ["lazytime"]), (["iversion"], .iVersion, []),
            (["silent"], .silent, []), (["ro"], .readOnly, ["ro"]), (["sync", "async"], [], []),
            (["mand", "nomand"], [], []), (["lazytime", "nolazytime"], [], []), (["iversion", "noiversion"], [], []),
            (["silent", "loud"], [], []), (["ro", "rw"], [], []), (["rro"], [], []), (["defaults"], [], []),
            (["async", "sync"], .synchronous, ["sync"]),
        ] as [([String], SuperblockFlags, [String])])
    func superblock(words: [String], flags: SuperblockFlags, names: [String]) {
        let (result, findings) = resolve(words)
        #expect(result.superblock.set == flags)
        #expect(result.superblock.names == [Bytes](texts: names))
        #expect(result.superblock.set.isDisjoint(with: result.superblock.clear))
        #expect(result.data.isEmpty && findings.errors.isEmpty && findings.warnings.isEmpty)
    }

    // Goal: a bind mount never changes the host's filesystem. Method: every superblock word beside a late `bind`.
    @Test func bindTouchesNoSuperblock() {
        let (result, findings) = resolve(["sync", "dirsync", "lazytime", "async", "silent", "ro", "defaults", "bind"])
        #expect(result.superblock == SuperblockChange())
        #expect(result.attributes.set == .readOnly)
        #expect(findings.errors.isEmpty)
        let problem = "has no effect on a bind mount: it belongs to the whole filesystem"
        #expect(
            findings.warningLines == [
                "/mounts/2/options/0: \"sync\" \(problem)", "/mounts/2/options/1: \"dirsync\" \(problem)",
                "/mounts/2/options/2: \"lazytime\" \(problem)",
            ])
    }

    // Goal: propagation changes stay in order. Method: all eight words at once, and rootfsPropagation's use of them.
    @Test func propagation() {
        let words = MountOptions.Propagation.names
        let (result, _) = resolve(words.map(\.text))
        #expect(result.propagation == words.compactMap(MountOptions.Propagation.init(name:)))
        let types: [MountPropagation] = [.private, .shared, .slave, .unbindable]
        #expect(result.propagation.map(\.type) == types.flatMap { [$0, $0] })
        #expect(result.propagation.map(\.recursive) == [false, true, false, true, false, true, false, true])
        #expect(MountOptions.Propagation(name: "ro") == nil)
        #expect(MountOptions.Propagation(name: "Private") == nil)
    }

    // Goal: bind and rbind. Method: alone and together in both orders.
    @Test func bind() {
        #expect(resolve(["bind"]).0.bind == .single)
        #expect(resolve(["rbind"]).0.bind == .recursive)
        #expect(resolve(["bind", "rbind"]).0.bind == .recursive)
        #expect(resolve(["rbind", "bind"]).0.bind == .recursive)
        #expect(resolve(["rprivate"]).0.bind == nil)
    }

    // Goal: what is neither flag nor data keeps its place. Method: all such words and the pointers.
    @Test func special() {
        let words = ["remount", "idmap", "ridmap", "tmpcopyup", "copy-symlink", "src-nofollow", "dest-nofollow"]
        let (result, findings) = resolve(words + ["idmap=uids=0-1-2;gids=0-1-2", "ridmap="])
        let kinds: [MountOptions.Special.Kind] = [
            .remount, .idMap(recursive: false, mapping: nil), .idMap(recursive: true, mapping: nil), .tmpcopyup,
            .copySymlink, .sourceNoFollow, .destinationNoFollow,
            .idMap(recursive: false, mapping: "uids=0-1-2;gids=0-1-2"), .idMap(recursive: true, mapping: ""),
        ]
        #expect(result.special.map(\.kind) == kinds)
        #expect(result.special.map(\.origin.text) == (0..<9).map { "/mounts/2/options/\($0)" })
        #expect(result.data.isEmpty && findings.errors.isEmpty)
    }

    // Goal: unknown words are the filesystem's, in order. Method: keys, values, quotes, escapes, joined options.
    @Test(
        arguments: [
            (["mode=755", "size=64k"], ["mode": "755", "size": "64k"]),
            (["newinstance"], ["newinstance": nil]),
            (["lowerdir=/a=b:/c"], ["lowerdir": "/a=b:/c"]),
            (["size="], ["size": ""]),
            (["size=1m,mode=700", ""], ["size": "1m", "mode": "700"]),
            (["context=\"a:b:c0,c1\""], ["context": "a:b:c0,c1"]),
            (["name=\"a,b\""], ["name": "\"a,b\""]),
            (["lowerdir=/a\\,b:/c"], ["lowerdir": "/a\\,b:/c"]),
            (["nosuid", "NOSUID", ",,"], ["NOSUID": nil]),
            (["caf\u{e9}=1"], ["caf\u{e9}": "1"]),
        ] as [([String], KeyValuePairs<String, String?>)])
    func data(options: [String], expected: KeyValuePairs<String, String?>) {
        let (result, findings) = resolve(options)
        #expect(result.data.map(\.key) == expected.map { Bytes($0.key) })
        #expect(result.data.map(\.value) == expected.map { $0.value.map { Bytes($0) } })
        #expect(result.data.first?.origin == "/mounts/2/options/0" || options[0] == "nosuid")
        #expect(findings.errors.isEmpty)
    }

    // Goal: wrong options are named exactly. Method: a table of options and findings.
    @Test(arguments: [
        (
            ["rbind", "nosiud"],
            "/mounts/2/options/1: unknown option \"nosiud\": a bind mount takes no options of a filesystem"
                + " (did you mean \"nosuid\"?)"
        ),
        (
            ["mode=755", "bind"],
            "/mounts/2/options/0: unknown option \"mode=755\": a bind mount takes no options of a filesystem"
        ),
        (["=x"], "/mounts/2/options/0: the mount option \"=x\" has a value without a name"),
        (["ro", "a\0b"], "/mounts/2/options/1: a mount option cannot contain a NUL byte"),
    ]) func wrong(options: [String], line: String) {
        let (result, findings) = resolve(options)
        #expect(findings.errorLines == [line])
        #expect(result.data.isEmpty)
    }

    // Goal: `features` lists every word of the specification's table. Method: that table.
    @Test func namesAreComplete() {
        let specification = """
            async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime
            noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev
            rdiratime relatime remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid
            rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw
            shared silent slave strictatime suid symfollow sync tmpcopyup unbindable idmap ridmap
            """
        let words = specification.split(whereSeparator: \.isWhitespace).map { Bytes(String($0)) }
        #expect(Set(words).subtracting(MountOptions.names).isEmpty)
        #expect(Set(MountOptions.names).count == MountOptions.names.count)
        let beyond = Set(MountOptions.names).subtracting(words)
        // The table of the specification leaves rnodev out by mistake: it has rdev.
        #expect(beyond == ["rnodev", "copy-symlink", "src-nofollow", "dest-nofollow"])
    }
}

@Suite struct MountOptionAlgebraTests {
    /// One mount of the model: the access time is nil until a word touches it.
    private struct Model {
        var bits: MountAttributes
        var accessTime: MountAttributes?

        mutating func act(_ word: Substring) {
            let bits: [Substring: MountAttributes] = [
                "o": .readOnly, "suid": .noSuid, "dev": .noDev, "exec": .noExec, "symfollow": .noSymFollow,
                "diratime": .noDirAtime,
            ]
            let values: [Substring: MountAttributes] = [
                "noatime": .noAtime, "relatime": .relAtime, "strictatime": .strictAtime,
            ]
            if word == "ro" || word == "rw" {
                act(bit: .readOnly, set: word == "ro")
            } else if let value = values[word] {
                accessTime = value
            } else if word == "atime" || word == "nostrictatime" {
                let taken: MountAttributes = word == "atime" ? .noAtime : .strictAtime
                if accessTime == nil || accessTime == taken { accessTime = .relAtime }
            } else if let bit = bits[word] {
                act(bit: bit, set: false)
            } else if let bit = bits[word.dropFirst(2)] {
                act(bit: bit, set: true)
            } else {
                Issue.record("the model does not know \(word)")
            }
        }

        private mutating func act(bit: MountAttributes, set: Bool) {
            if set { bits.formUnion(bit) } else { bits.subtract(bit) }
        }

        func result(of before: MountAttributes) -> MountAttributes {
            bits.union(accessTime ?? before.intersection(.atimeMask))
        }
    }

    private static let words = [
        "ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "nosymfollow", "symfollow", "nodiratime",
        "diratime", "noatime", "relatime", "strictatime", "atime", "nostrictatime",
    ]

    // Goal: a list means the same as its words one after the other, for the mount and for those below it.
    // Method: random lists on random mounts, beside a model that carries out one word at a time.
    @Test func listsActInOrder() {
        for _ in 0..<3000 {
            let options = (0..<Int.random(in: 0...8)).map { _ in
                (Bool.random() ? "r" : "") + (Self.words.randomElement() ?? "ro")
            }
            let times: [MountAttributes] = [.relAtime, .noAtime, .strictAtime]
            let before = MountAttributes(rawValue: .random(in: 0...15)).union(times.randomElement() ?? [])
            var top = Model(bits: before.subtracting(.atimeMask))
            var below = top
            for option in options {
                let recursive = !Self.words.contains(option)
                let word = recursive ? option.dropFirst() : option[...]
                top.act(word)
                if recursive { below.act(word) }
            }
            var findings = Findings()
            let result = MountOptions.resolve([Bytes](texts: options), at: "/mounts/0/options", &findings)
            #expect(result.recursive.applied(to: before) == below.result(of: before), "\(options)")
            #expect(
                result.attributes.applied(to: result.recursive.applied(to: before)) == top.result(of: before),
                "\(options)")
            expectAcceptable(result.attributes, options)
            expectAcceptable(result.recursive, options)
        }
    }

    /// What mount_setattr(2) takes: atime bits in attr_clr all or none, in attr_set only with them.
    private func expectAcceptable(_ change: MountAttributeChange, _ options: [String]) {
        let mask = MountAttributes.atimeMask
        #expect(change.clear.isSuperset(of: mask) || change.clear.isDisjoint(with: mask), "\(options)")
        #expect(change.set.isDisjoint(with: mask) || change.clear.isSuperset(of: mask), "\(options)")
        #expect(change.set.subtracting(mask).isDisjoint(with: change.clear), "\(options)")
        #expect(change.set.intersection(mask) != mask, "\(options)")
    }
}
