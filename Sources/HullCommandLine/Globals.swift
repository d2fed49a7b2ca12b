// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The options before the verb.
package struct GlobalOptions: Equatable, Sendable {
    /// Where the containers' records are; nil for the default place.
    package var root: Bytes?
    /// The file that log records are appended to.
    package var log: Bytes?
    /// How a log record looks.
    package var logFormat = LogFormat.text
    /// The least severe level that is logged, where one was said.
    package var logLevel: LogLevel?
    /// Log everything.
    package var debug = false
    /// The old way to say `--cgroup-manager systemd`; engines use it.
    package var systemdCgroup = false
    /// Who makes the cgroup, where it was said.
    package var cgroupManager: CgroupManager?
    /// Whether errors for want of privilege are to be expected.
    package var rootless = Rootless.auto
    /// Whether systemd is to make the cgroup.
    package var usesSystemd: Bool { cgroupManager.map { $0 == .systemd } ?? systemdCgroup }
    /// `--version` was given.
    package var version = false

    /// Nothing said.
    package init() {}

    /// The least severe level to log: `--debug` beats `--log-level`.
    package var threshold: LogLevel { debug ? .debug : logLevel ?? .info }
}

extension GlobalOptions {
    /// What may stand before the verb.
    package static var table: [Option<GlobalOptions>] {
        [
            .text("root", "DIR", "keep the containers' records in DIR") {
                (options: inout GlobalOptions, value) throws(UsageProblem) in
                // Records are directories made and removed by container id: below "/" an id would name "/etc".
                guard !value.isAbsolutePath || value.cleanedPath != "/" else {
                    throw UsageProblem(problem: "option --root: the records cannot be in / itself")
                }
                options.root = value.isEmpty ? nil : value
            },
            .path("log", "FILE", "append log records to FILE") { $0.log = $1 },
            .choice("log-format", "how log records look (default: text)") { $0.logFormat = $1 },
            .choice("log-level", "the least severe records logged (default: info)") { $0.logLevel = $1 },
            .flag("debug", "log everything") { $0.debug = $1 },
            .choice("cgroup-manager", "who makes the container's cgroup (default: cgroupfs)") { $0.cgroupManager = $1 },
            .flag("systemd-cgroup", "the same as --cgroup-manager systemd") { $0.systemdCgroup = $1 },
            .text("rootless", Rootless.words, "of no effect: hull sees for itself") {
                (options: inout GlobalOptions, value) throws(UsageProblem) in
                options.rootless = try Rootless(value)
            }.hidden,
            .flag("version", letter: "v", "print the version") { $0.version = $1 },
        ]
    }
}

/// How a log record looks.
package enum LogFormat: Word {
    case text, json

    package var word: Bytes {
        switch self {
        case .text: "text"
        case .json: "json"
        }
    }
}

/// Who makes the container's cgroup.
package enum CgroupManager: Word {
    case cgroupfs, systemd, disabled

    package var word: Bytes {
        switch self {
        case .cgroupfs: "cgroupfs"
        case .systemd: "systemd"
        case .disabled: "disabled"
        }
    }
}

/// What the caller says about its privileges.
package enum Rootless: Sendable {
    case yes, no, auto

    static let words: Bytes = "true|false|auto"

    /// Nothing, `auto`, or what Go reads as a truth value.
    init(_ value: Bytes) throws(UsageProblem) {
        if value.isEmpty || value == "auto" {
            self = .auto
        } else {
            self = try parseBool(value, of: "rootless") ? .yes : .no
        }
    }
}

/// How severe a log record is. The words are the ones that engines look for.
package enum LogLevel: Word, Comparable {
    case error, warning, info, debug

    package var word: Bytes {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .info: "info"
        case .debug: "debug"
        }
    }
}
