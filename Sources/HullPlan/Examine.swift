// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
package import HullOCI

/// How much a finding in a config matters.
package enum Severity: Sendable {
    /// The container cannot be made.
    case error
    /// The container can be made, but probably not as it was meant.
    case warning
    /// The container can be made, and gives more away than it has to.
    case weakness
    /// Nothing that must be changed.
    case note
}

/// Something to say about a config.
package struct Finding: Equatable, Sendable {
    package var severity: Severity
    package var error: ConfigError

    /// Takes the parts as they are.
    package init(_ severity: Severity, _ error: ConfigError) {
        self.severity = severity
        self.error = error
    }
}

/// All that can be said of a config at once, for `check`.
package struct Examination: Sendable {
    /// Errors first, then warnings, then weaknesses; each in the order of the document.
    package private(set) var findings: [Finding] = []
    /// The plan as far as it goes; it can be carried out only where there is no error. nil where the config cannot be
    /// read.
    package private(set) var plan: ContainerPlan?

    /// Reads and resolves, and goes on after errors. What is unreadable is left out; what might follow from that alone
    /// is not reported.
    package init(_ bytes: [UInt8], _ request: Request, _ host: Host, security: Bool = false) {
        var unknown: [ConfigError] = []
        do throws(ConfigErrors) {
            let advice: JSONReader.Advice = { nearestHint(to: $0, among: $1) }
            let read = try Config.survey(bytes, unknown: &unknown, advice: advice)
            var resolved = Findings()
            var weak: [ConfigError] = []
            if let config = read.value {
                var resolution = Resolution(config, request, host)
                resolution.decide()
                plan = resolution.plan
                resolved = resolution.findings
                if security { weak = weaknesses(of: config, bundle: request.bundle) }
            }
            let shadow = read.errors.map(Shadow.init)
            func isOwn(_ error: ConfigError) -> Bool { !shadow.contains { $0.covers(error.pointer) } }
            add(.error, (read.errors + resolved.errors.filter(isOwn)).map { $0.blaming(unknown, bytes) }, bytes)
            let names = SyscallAdvice(read.value?.linux?.seccomp)
            add(.warning, unknown + resolved.warnings.filter(isOwn).map(names.advising), bytes)
            add(.weakness, weak.filter(isOwn), bytes)
        } catch {
            add(.error, error.list, bytes)
        }
    }

    /// What keeps the container from being made.
    package var errors: ConfigErrors { ConfigErrors(findings.filter { $0.severity == .error }.map(\.error)) }

    /// Adds what somebody else found.
    package mutating func add(_ found: [Finding], _ bytes: [UInt8]) {
        for severity in [Severity.error, .warning, .weakness] {
            add(severity, found.filter { $0.severity == severity }.map(\.error), bytes)
        }
    }

    private mutating func add(_ severity: Severity, _ errors: [ConfigError], _ bytes: [UInt8]) {
        let located = ConfigErrors(errors).located(in: bytes).list.map { Finding(severity, $0) }
        let place = findings.firstIndex { $0.severity.rank > severity.rank } ?? findings.endIndex
        findings.insert(contentsOf: located, at: place)
    }
}

extension ConfigError {
    /// A property that is missed may be there under a name that is nearly right.
    fileprivate func blaming(_ unknown: [ConfigError], _ bytes: [UInt8]) -> ConfigError {
        guard hint == nil, let last = pointer.text.split(0x2f).last else { return self }
        let wanted = "did you mean \"\(last)\"?" as Bytes
        let parent = pointer.text.parentPath
        let found = unknown.first { $0.hint == wanted && $0.pointer.text.parentPath == parent }
        guard found != nil, !pointer.isThere(in: bytes) else { return self }
        var copy = self
        copy.hint = found.map { "\"\($0.pointer.text.lastComponent)\" is unknown: is it meant?" }
        return copy
    }
}

/// The nearest names of system calls that nobody knows. A creation does not look for them: profiles name many that
/// are only too new, and a search for each costs more than the filter.
private struct SyscallAdvice {
    private let seccomp: Config.Linux.Seccomp?

    init(_ seccomp: Config.Linux.Seccomp?) { self.seccomp = seccomp }

    func advising(_ warning: ConfigError) -> ConfigError {
        // /linux/seccomp/syscalls/RULE/names/NAME
        let steps = warning.pointer.text.split(0x2f)
        guard warning.hint == nil, steps.count == 6, steps[1] == "seccomp", steps[4] == "names",
            let rule = steps[3].decimal.flatMap(Int.init(exactly:)),
            let index = steps[5].decimal.flatMap(Int.init(exactly:)),
            let rules = seccomp?.syscalls, rules.indices.contains(rule), rules[rule].names.indices.contains(index)
        else { return warning }
        var copy = warning
        copy.hint = nearestHint(to: rules[rule].names[index], among: SyscallAdvice.known)
        return copy
    }

    /// Those of this architecture; no table has a thousand.
    private static let known = (0..<1000).compactMap { Architecture.native.syscallName($0) }
}

extension Severity {
    fileprivate var rank: Int {
        switch self {
        case .error: 0
        case .warning: 1
        case .weakness: 2
        case .note: 3
        }
    }
}

/// The part of a document in which an unreadable value makes other findings doubtful.
private struct Shadow {
    /// The value, or its object where values of that are judged together.
    private let steps: [Bytes]
    /// Everything is: namespaces and id maps are asked about everywhere.
    private let isWhole: Bool

    init(_ error: ConfigError) {
        var steps = error.pointer.text.split(0x2f)
        isWhole =
            steps.isEmpty || steps == ["linux"]
            || steps.first == "linux"
                && steps.dropFirst().first.map { ["namespaces", "uidMappings", "gidMappings"].contains($0) } == true
        // An element that cannot be read is left out, which moves those after it.
        if steps.last?.decimal != nil { steps.removeLast() } else if steps.count > 2 { steps.removeLast() }
        self.steps = steps
    }

    func covers(_ pointer: JSONPointer) -> Bool {
        if isWhole { return true }
        let other = pointer.text.split(0x2f)
        let common = min(other.count, steps.count)
        return other.prefix(common) == steps.prefix(common)
    }
}
