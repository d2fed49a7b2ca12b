// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan

/// The options of a mount, against a model that carries them out one after the other on a mount and on one below it.
enum MountOptionsTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        let initial = draw.pick(initials)
        var options: [Bytes] = []
        while !draw.isEmpty, options.count < 40 { options.append(draw.word(words)) }
        var findings = Findings()
        let result = MountOptions.resolve(options, at: "/mounts/0/options", &findings)
        let shown = options.map(\.shown).joined(separator: " ")
        if let problem = algebra(result) { return "\(problem): \(shown)" }
        var model = Model(top: initial, below: initial)
        for option in options { model.apply(option, bind: result.bind != nil) }
        if findings.errors.isEmpty, result.data.map(\.words) != model.data {
            return "data \(result.data.map(\.words.shown)) instead of \(model.data.map(\.shown)): \(shown)"
        }
        guard !model.isOpen else { return nil }
        let below = result.recursive.applied(to: initial)
        let top = result.attributes.applied(to: below)
        if top != model.top { return "\(top) instead of \(model.top) on the mount: \(shown)" }
        if below != model.below { return "\(below) instead of \(model.below) below the mount: \(shown)" }
        return nil
    }

    fileprivate static let names = Set(MountOptions.names)
    private static let words: [Bytes] =
        MountOptions.names + [
            "size=64k", "mode=755", "lowerdir=/a:/b", "a=b,c", "x,ro,,y=", "context=\"a,b\"", "d=\\,e", "=", "", ",",
            "uid=1000", "idmap=uids=0-1-2", "ridmap=", "bindx", "xbind",
        ]
    private static let initials: [MountAttributes] = [
        [], [.readOnly, .noSuid], [.noAtime], [.strictAtime], [.noDev, .noExec, .noAtime, .noDirAtime],
    ]

    /// No bit is set and cleared at once, but for the enumeration of the access time.
    private static func algebra(_ options: MountOptions) -> String? {
        for change in [options.attributes, options.recursive] {
            let both = change.set.intersection(change.clear)
            if !both.subtracting(.atimeMask).isEmpty { return "\(both) is set and cleared" }
            let times = change.clear.intersection(.atimeMask)
            if times != [] && times != .atimeMask { return "a part of the access time is cleared" }
            if times == [], !change.set.intersection(.atimeMask).isEmpty { return "an access time beside the old one" }
        }
        let both = options.superblock.set.intersection(options.superblock.clear)
        return both.isEmpty ? nil : "\(both) is set and cleared on the filesystem"
    }
}

extension MountOptions.Parameter {
    fileprivate var words: Bytes { value.map { "\(key)=\($0)" } ?? key }
}

private struct Model {
    var top: MountAttributes
    var below: MountAttributes
    var data: [Bytes] = []
    /// Whether there was a word whose effect depends on what was said before, not on what is.
    private(set) var isOpen = false

    init(top: MountAttributes, below: MountAttributes) { (self.top, self.below) = (top, below) }

    private static let bits: [(word: Bytes, opposite: Bytes, bit: MountAttributes)] = [
        ("ro", "rw", .readOnly), ("nosuid", "suid", .noSuid), ("nodev", "dev", .noDev), ("noexec", "exec", .noExec),
        ("nosymfollow", "symfollow", .noSymFollow), ("nodiratime", "diratime", .noDirAtime),
    ]
    private static let times: [(word: Bytes, value: MountAttributes)] = [
        ("noatime", .noAtime), ("strictatime", .strictAtime), ("relatime", .relAtime),
    ]

    mutating func apply(_ option: Bytes, bind: Bool) {
        for (word, opposite, bit) in Model.bits {
            if option == word || option == "r" + word { change(option != word) { $0.formUnion(bit) } }
            if option == opposite || option == "r" + opposite { change(option != opposite) { $0.subtract(bit) } }
        }
        for (word, value) in Model.times where option == word || option == "r" + word {
            change(option != word) { $0 = $0.subtracting(.atimeMask).union(value) }
        }
        if option.hasSuffix("norelatime") || option.hasSuffix("nostrictatime") || option == "atime"
            || option == "ratime"
        {
            isOpen = true
        }
        if !bind, !MountOptionsTarget.names.contains(option), !option.hasPrefix("idmap="), !option.hasPrefix("ridmap=")
        {
            take(option)
        }
    }

    private mutating func change(_ wide: Bool, _ body: (inout MountAttributes) -> Void) {
        body(&top)
        if wide { body(&below) }
    }

    /// As mount(2) reads its text: commas separate, but for those in quotes and behind a backslash.
    private mutating func take(_ option: Bytes) {
        var part: [UInt8] = []
        var isQuoted = false
        var index = 0
        let bytes = option.array
        func end(_ part: [UInt8]) -> Bytes {
            let key = Bytes(part.prefix { $0 != 0x3d })
            let isContext = ["context", "fscontext", "defcontext", "rootcontext"].contains(key)
            guard isContext, part.count > key.count else { return Bytes(part) }
            return key + Bytes(part.dropFirst(key.count).filter { $0 != 0x22 })
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x5c, index + 1 < bytes.count {
                part += [byte, bytes[index + 1]]
                index += 2
                continue
            }
            if byte == 0x22 { isQuoted.toggle() }
            if byte == 0x2c, !isQuoted {
                if !part.isEmpty { data.append(end(part)) }
                part = []
            } else {
                part.append(byte)
            }
            index += 1
        }
        if !part.isEmpty { data.append(end(part)) }
    }
}
