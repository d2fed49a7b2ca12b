// SPDX-License-Identifier: Apache-2.0

package import HullLinux

/// Allows or denies some access to some devices.
package struct DeviceRule: Hashable, Sendable {
    /// What the kernel calls the kind of a device in a device filter: `BPF_DEVCG_DEV_*`.
    package enum Kind: Int32, Sendable {
        case block = 1
        case character = 2
    }

    /// What is done with a device: `BPF_DEVCG_ACC_*`.
    package struct Access: OptionSet, Hashable, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }
        /// A literal: the standard library's own way looks up conformances at run time.
        package init(arrayLiteral elements: Access...) { self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue }) }

        /// Making a node for it.
        package static let mknod = Access(rawValue: 1)
        /// Opening it for reading.
        package static let read = Access(rawValue: 2)
        /// Opening it for writing.
        package static let write = Access(rawValue: 4)
        /// All of these.
        package static let all: Access = [.mknod, .read, .write]
    }

    /// Whether it allows.
    package var allow: Bool
    /// Which devices; nil is both kinds.
    package var kind: Kind?
    /// Which driver; nil is every one.
    package var major: UInt32?
    /// Which device of the driver; nil is every one.
    package var minor: UInt32?
    /// Which access.
    package var access: Access

    /// A rule.
    package init(allow: Bool, kind: Kind? = nil, major: UInt32? = nil, minor: UInt32? = nil, access: Access = .all) {
        self.allow = allow
        self.kind = kind
        self.major = major
        self.minor = minor
        self.access = access
    }

    /// What every container may do, whatever its config says: make any node (opening it is another matter), use the
    /// devices that config-linux.md puts in every /dev, pseudo-terminals, and tun. Engines and images count on these.
    package static let always: [DeviceRule] =
        [DeviceRule(allow: true, access: .mknod)]
        + ([(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (10, 200), (136, nil)] as [(UInt32, UInt32?)]).map {
            DeviceRule(allow: true, kind: .character, major: $0.0, minor: $0.1)
        }

    /// Whether the other rule speaks of no device and no access that this one does not speak of.
    func covers(_ other: DeviceRule) -> Bool {
        (kind == nil || kind == other.kind) && (major == nil || major == other.major)
            && (minor == nil || minor == other.minor) && access.isSuperset(of: other.access)
    }
}

/// A program of type BPF_PROG_TYPE_CGROUP_DEVICE that decides as the rules say: for each of reading, writing and
/// mknod, the last rule that speaks of it and of the device counts; without any, the answer is no.
/// `DeviceRule.always` comes last.
///
/// An empty list thus denies all else (GHSA-g54h-m393-cpwq: it once allowed all). `/dev/sda` opened for reading and
/// writing needs both to be allowed, perhaps by different rules.
package func compileDeviceFilter(_ rules: [DeviceRule]) -> [EBPFInstruction] {
    var compiler = DeviceFilterCompiler()
    for run in effectiveRuns(rules + DeviceRule.always) { compiler.append(run) }
    return compiler.finish()
}

/// The rules that decide anything, from the last to the first, in runs that all allow or all deny; the order in a run
/// does not matter, so it is one that brings rules for the same driver together.
private func effectiveRuns(_ rules: [DeviceRule]) -> [[DeviceRule]] {
    var runs: [[DeviceRule]] = []
    for rule in rules.reversed() {
        if runs.last?.first?.allow == rule.allow { runs[runs.count - 1].append(rule) } else { runs.append([rule]) }
        // Nothing before a rule for everything can still be asked.
        if rule.covers(DeviceRule(allow: rule.allow)) { break }
    }
    if runs.last?.first?.allow == false { runs.removeLast() }
    return runs.map { run in
        var kept: [DeviceRule] = []
        for rule in run where !kept.contains(where: { $0.covers(rule) }) {
            kept.removeAll { rule.covers($0) }
            kept.append(rule)
        }
        return kept.sorted { sortKey($0) < sortKey($1) }
    }
}

private func sortKey(_ rule: DeviceRule) -> (Int32, Int64, Int64) {
    (rule.kind?.rawValue ?? 0, rule.major.map { Int64($0) } ?? -1, rule.minor.map { Int64($0) } ?? -1)
}

/// Writes the program of a device filter.
private struct DeviceFilterCompiler {
    private typealias Code = EBPFInstruction.Code

    /// Where a jump goes that is patched when the place is known.
    private enum Verdict { case allow, deny }

    /// The registers: the answer, the context, the kind asked about, the access not yet granted, and the numbers.
    private enum Register {
        static let answer: UInt8 = 0
        static let context: UInt8 = 1
        static let kind: UInt8 = 2
        static let access: UInt8 = 3
        static let major: UInt8 = 4
        static let minor: UInt8 = 5
    }

    private var code: [EBPFInstruction] = []
    private var verdicts: [(at: Int, Verdict)] = []

    /// Reads `struct bpf_cgroup_dev_ctx`: access in the high and kind in the low half of one word, then the numbers.
    init() {
        code = [
            EBPFInstruction(Code.load32, destination: Register.kind, source: Register.context, offset: 0),
            EBPFInstruction(Code.load32, destination: Register.major, source: Register.context, offset: 4),
            EBPFInstruction(Code.load32, destination: Register.minor, source: Register.context, offset: 8),
            EBPFInstruction(Code.copy32, destination: Register.access, source: Register.kind),
            EBPFInstruction(Code.shiftRight32, destination: Register.access, immediate: 16),
            EBPFInstruction(Code.and32, destination: Register.kind, immediate: 0xffff),
        ]
    }

    /// Adds rules that are sorted by kind and driver.
    mutating func append(_ run: [DeviceRule]) {
        for kind in run.chunked(by: \.kind) {
            let skip = kind[kind.startIndex].kind.map { jump(unless: Register.kind, is: $0.rawValue) }
            for driver in kind.chunked(by: \.major) { append(driver: driver) }
            land(skip)
        }
    }

    /// Rules for one driver, or for all.
    private mutating func append(driver rules: ArraySlice<DeviceRule>) {
        let first = rules[rules.startIndex]
        if rules.count == 1, let major = first.major, first.minor == nil, first.allow, first.access == .all {
            return jump(to: .allow, Code.equal32, Register.major, Int32(bitPattern: major))
        }
        let skip = first.major.map { jump(unless: Register.major, is: Int32(bitPattern: $0)) }
        for rule in rules { append(rule) }
        land(skip)
    }

    /// A rule whose kind and driver are known to be meant.
    private mutating func append(_ rule: DeviceRule) {
        if let minor = rule.minor, rule.allow, rule.access == .all {
            return jump(to: .allow, Code.equal32, Register.minor, Int32(bitPattern: minor))
        }
        let skip = rule.minor.map { jump(unless: Register.minor, is: Int32(bitPattern: $0)) }
        if !rule.allow {
            jump(to: .deny, Code.anyBit32, Register.access, rule.access.rawValue)
        } else if rule.access == .all {
            jump(to: .allow, Code.anyBit32, Register.access, rule.access.rawValue)
        } else {
            code.append(
                EBPFInstruction(Code.and32, destination: Register.access, immediate: ~rule.access.rawValue))
            jump(to: .allow, Code.equal32, Register.access, 0)
        }
        land(skip)
    }

    private mutating func jump(unless register: UInt8, is value: Int32) -> Int {
        code.append(EBPFInstruction(Code.unequal32, destination: register, immediate: value))
        return code.count - 1
    }

    private mutating func jump(to verdict: Verdict, _ comparison: UInt8, _ register: UInt8, _ value: Int32) {
        verdicts.append((code.count, verdict))
        code.append(EBPFInstruction(comparison, destination: register, immediate: value))
    }

    private mutating func land(_ jump: Int?) {
        if let jump { patch(jump, to: code.count) }
    }

    /// The caller checks the length of the program, and the kernel would not take one that is too long for the field.
    private mutating func patch(_ jump: Int, to target: Int) {
        code[jump].offset = Int16(clamping: target - jump - 1)
    }

    /// Ends with both answers. The kernel refuses code that nothing leads to: "no" is fallen into, and one of the rules
    /// that are always there jumps to "yes".
    consuming func finish() -> [EBPFInstruction] {
        let deny = code.count
        for answer in [0, 1] as [Int32] {
            code.append(EBPFInstruction(Code.set32, destination: Register.answer, immediate: answer))
            code.append(EBPFInstruction(Code.exit))
        }
        for (jump, verdict) in verdicts { patch(jump, to: verdict == .deny ? deny : deny + 2) }
        return code
    }
}

extension RandomAccessCollection {
    /// The longest parts whose elements have the same key.
    fileprivate func chunked<Key: Equatable>(by key: (Element) -> Key) -> [SubSequence] {
        var chunks: [SubSequence] = []
        var rest = self[...]
        while let first = rest.first {
            let chunk = rest.prefix { key($0) == key(first) }
            chunks.append(chunk)
            rest = rest[chunk.endIndex...]
        }
        return chunks
    }
}
