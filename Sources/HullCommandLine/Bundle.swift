// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `spec` was told.
package struct SpecOptions: VerbOptions {
    /// The directory that gets the config.json; nil for the current one.
    package var bundle: Bytes?
    /// A config for a caller without privileges.
    package var rootless = false

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "write a config.json to begin with", operands: "",
            more: "A config.json that is there already is never overwritten.", example: "spec --bundle /srv/web")
    }

    package static var table: [Option<SpecOptions>] {
        [
            .path("bundle", letter: "b", "DIR", "the bundle's directory (default: current)") { $0.bundle = $1 },
            .flag("rootless", "for a caller without privileges") { $0.rootless = $1 },
        ]
    }
}

/// What `plan` was told.
package struct PlanOptions: VerbOptions {
    /// The directory of the bundle; nil for the current one.
    package var bundle: Bytes?
    /// The config file, where it is not the bundle's config.json.
    package var config: Bytes?
    /// As `create` takes it.
    package var overlay: Bytes?
    /// How the plan looks.
    package var format = ReportFormat.text
    /// A bundle or a config file: only what this plan does otherwise is printed.
    package var other: Bytes?

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "print the steps that create would take", operands: "[BUNDLE]",
            more: """
                Nothing is changed: these are the steps that create carries out.
                OTHER is another bundle, or another config file for this one. Lines with + are
                of BUNDLE, lines with - of OTHER; the exit status is 1 if there are any.
                """, example: "plan --diff /srv/web.old /srv/web")
    }

    package static var table: [Option<PlanOptions>] {
        [
            .path("bundle", letter: "b", "DIR", "the bundle's directory (default: current)") { $0.bundle = $1 },
            .path("config", letter: "f", "FILE", "read FILE, not config.json in the bundle") { $0.config = $1 },
            overlayOption { $0.overlay = $1 },
            .path("diff", "OTHER", "print what OTHER does otherwise") { $0.other = $1 },
        ] + reportOptions("how the plan looks (default: text)") { $0.format = $1 }
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        bundle = try bundleOperand(operands, besides: bundle)
    }
}

/// What `check` was told.
package struct CheckOptions: VerbOptions {
    /// The directory of the bundle; nil for the current one.
    package var bundle: Bytes?
    /// The config file, where it is not the bundle's config.json.
    package var config: Bytes?
    /// Look for what weakens the container, too.
    package var security = false
    /// Look for what this machine lacks, too.
    package var host = false
    /// How the findings look.
    package var format = ReportFormat.text

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "report every error and unknown field of a config", operands: "[BUNDLE]",
            more: """
                Errors make the exit status 1; what is merely unknown or odd does not.
                With --security, so does what makes the container easier to leave than one
                of the config that spec writes; with --host, what this machine does not have.
                """, example: "check --host /srv/web")
    }

    package static var table: [Option<CheckOptions>] {
        [
            .path("bundle", letter: "b", "DIR", "the bundle's directory (default: current)") { $0.bundle = $1 },
            .path("config", letter: "f", "FILE", "read FILE, not config.json in the bundle") { $0.config = $1 },
            .flag("security", "report what weakens the container, too") { $0.security = $1 },
            .flag("host", "report what this machine lacks for it, too") { $0.host = $1 },
        ] + reportOptions("how the findings look (default: text)") { $0.format = $1 }
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        bundle = try bundleOperand(operands, besides: bundle)
    }
}

private func bundleOperand(_ operands: [Bytes], besides said: Bytes?) throws(OperandProblem) -> Bytes? {
    if operands.count > 1 { throw .unexpected(operands[1]) }
    guard let operand = operands.first else { return said }
    if said != nil { throw .twice("the bundle") }
    return operand
}
