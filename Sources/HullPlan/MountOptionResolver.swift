// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

extension MountOptions {
    /// Sorts the options of a mount; `pointer` is that of the array, `/mounts/N/options`.
    package static func resolve(
        _ options: [Bytes], at pointer: JSONPointer, _ findings: inout Findings
    ) -> MountOptions {
        var result = MountOptions()
        // Whether the options are those of a bind mount decides what the others mean, wherever it stands in the list.
        for option in options where option.hasSuffix("bind") {
            if case .bind(let bind)? = action(option), result.bind != .recursive { result.bind = bind }
        }
        for (index, option) in options.enumerated() {
            let origin = pointer.appending(index)
            if let action = action(option) {
                result.apply(action, option, origin, &findings)
            } else if let kind = idMapWithText(option) {
                result.special.append(Special(kind: kind, origin: origin))
            } else {
                result.take(unknown: option, origin, &findings)
            }
        }
        return result
    }

    private mutating func apply(
        _ action: MountOptionAction, _ option: Bytes, _ origin: JSONPointer, _ findings: inout Findings
    ) {
        switch action {
        case .nothing, .bind: break
        case .attribute(let bit, let set, let recursive): change(bit, set: set, recursive: recursive)
        case .accessTime(let value, let recursive): choose(value, recursive: recursive)
        case .notAccessTime(let value, let recursive): takeBack(value, recursive: recursive)
        case .readOnly(let set):
            change(.readOnly, set: set, recursive: false)
            if bind == nil { changeSuperblock(.readOnly, set: set) }
        case .superblock(let flag, let set):
            if bind == nil {
                changeSuperblock(flag, set: set)
            } else if set, flag != .silent {
                findings.warn(origin, "\"\(option)\" has no effect on a bind mount: it belongs to the whole filesystem")
            }
        case .propagation(let type, let recursive):
            propagation.append(Propagation(type: type, recursive: recursive))
        case .special(let kind): special.append(Special(kind: kind, origin: origin))
        }
    }

    private mutating func change(_ bit: MountAttributes, set: Bool, recursive wide: Bool) {
        if wide {
            // What was said of the top alone before is said anew.
            attributes.forget(bit)
            if set { recursive.add(bit) } else { recursive.remove(bit) }
        } else {
            if set { attributes.add(bit) } else { attributes.remove(bit) }
        }
    }

    private mutating func choose(_ value: MountAttributes?, recursive wide: Bool) {
        attributes.choose(accessTime: wide ? nil : value)
        if wide { recursive.choose(accessTime: value) }
    }

    /// `atime` takes `noatime` back, of this list or of whoever made the mount that is bound, and leaves `strictatime`
    /// alone; what remains is relatime, the kernel's default since 2.6.30. `norelatime` names no other value, so it
    /// only takes back a `relatime` of this list.
    private mutating func takeBack(_ value: MountAttributes, recursive wide: Bool) {
        if value == .relAtime {
            if attributes.accessTime == value { attributes.choose(accessTime: nil) }
            if wide, recursive.accessTime == value { recursive.choose(accessTime: nil) }
        } else if wide {
            if attributes.accessTime == value { attributes.choose(accessTime: .relAtime) }
            if recursive.accessTime ?? value == value { recursive.choose(accessTime: .relAtime) }
        } else if attributes.accessTime ?? recursive.accessTime ?? value == value {
            attributes.choose(accessTime: .relAtime)
        }
    }

    private mutating func changeSuperblock(_ flag: SuperblockFlags, set: Bool) {
        if set { superblock.add(flag) } else { superblock.remove(flag) }
    }

    /// `idmap=uids=0-1000-1;gids=0-1000-1`: the mappings said in the option itself.
    private static func idMapWithText(_ option: Bytes) -> Special.Kind? {
        if option.hasPrefix("idmap=") { return .idMap(recursive: false, mapping: option.dropFirst(6)) }
        if option.hasPrefix("ridmap=") { return .idMap(recursive: true, mapping: option.dropFirst(7)) }
        return nil
    }

    private mutating func take(unknown option: Bytes, _ origin: JSONPointer, _ findings: inout Findings) {
        if option.isEmpty { return }
        guard !option.contains(0) else {
            findings.error(origin, "a mount option cannot contain a NUL byte")
            return
        }
        guard bind == nil else {
            findings.error(
                origin, "unknown option \"\(option)\": a bind mount takes no options of a filesystem",
                hint: nearestHint(to: option, among: MountOptions.names))
            return
        }
        for part in MountOptions.parts(of: option) {
            let equals = part.firstIndex(of: 0x3d)
            guard equals != 0 else {
                findings.error(origin, "the mount option \"\(option)\" has a value without a name")
                return
            }
            let key = equals.map { part.prefix($0) } ?? part
            var value = equals.map { part.dropFirst($0 + 1) }
            // In the text of mount(2) they keep the commas of a context together; fsconfig(2) takes values as they are.
            if contextKeys.contains(key) { value = value.map { Bytes($0.array.filter { $0 != 0x22 }) } }
            data.append(Parameter(key: key, value: value, origin: origin))
        }
    }

    /// The parts that mount(2) would see in the text of its last argument, where all options stand in one string:
    /// between commas, but not those inside double quotes (SELinux contexts) nor those after a backslash (paths of
    /// overlay).
    static func parts(of option: Bytes) -> [Bytes] {
        var parts: [Bytes] = []
        var part: [UInt8] = []
        var quoted = false
        var escaped = false
        for byte in option.array {
            if byte == 0x2c, !quoted, !escaped {
                if !part.isEmpty { parts.append(Bytes(part)) }
                part = []
                continue
            }
            if byte == 0x22, !escaped { quoted.toggle() }
            escaped = byte == 0x5c && !escaped
            part.append(byte)
        }
        if !part.isEmpty { parts.append(Bytes(part)) }
        return parts
    }
}
