// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What a filter denied while a container ran: the document of `run --seccomp-report`.
package struct SeccompReport: Equatable, Sendable {
    /// A call that was denied, however often.
    package struct Denied: Equatable, Sendable {
        /// Its name; nil for one that is newer than the tables.
        package var syscall: Bytes?
        /// Its number on the architecture.
        package var number: UInt32
        /// The architecture, "SCMP_ARCH_X86_64"; of an unknown one the number in hexadecimal.
        package var architecture: Bytes
        /// What was done with it, "SCMP_ACT_ERRNO".
        package var action: Bytes
        /// The symbol of the errno that its caller saw.
        package var errno: Bytes?
        /// How often.
        package var count: UInt64 = 0
        /// The first calls that differ.
        package var calls: [Call] = []
        /// Which arguments decide, where conditions of the profile name any.
        package var conditions: [UInt32] = []
    }

    /// One call.
    package struct Call: Equatable, Sendable {
        /// The process as the runtime counts, and what the kernel calls it.
        package var pid: Int
        package var command: Bytes
        /// All six, used or not.
        package var arguments: [UInt64]
    }

    /// In the order of their first calls.
    package var denied: [Denied] = []

    /// Nothing was denied.
    package init() {}
}

extension SeccompReport.Denied {
    /// A call that was not denied yet.
    package init(
        _ syscall: Bytes?, number: UInt32, architecture: Bytes, action: Bytes, errno: Bytes?, conditions: [UInt32]
    ) {
        self.syscall = syscall
        self.number = number
        self.architecture = architecture
        self.action = action
        self.errno = errno
        self.conditions = conditions
    }

    /// The rules that would allow what was called; none where the call has no name. Where the profile looks at
    /// arguments, they are those of the calls.
    package var rules: [Config.Linux.Seccomp.Syscall] {
        guard let syscall else { return [] }
        guard !conditions.isEmpty else { return [.init(names: [syscall], action: "SCMP_ACT_ALLOW")] }
        var rules: [Config.Linux.Seccomp.Syscall] = []
        for call in calls {
            let args = conditions.map { index in
                Config.Linux.Seccomp.Arg(index: index, value: call.arguments[Int(index)], op: "SCMP_CMP_EQ")
            }
            let rule = Config.Linux.Seccomp.Syscall(names: [syscall], action: "SCMP_ACT_ALLOW", args: args)
            if !rules.contains(rule) { rules.append(rule) }
        }
        return rules
    }
}

extension SeccompReport.Call {
    /// A call.
    package init(pid: Int, _ command: Bytes, _ arguments: [UInt64]) {
        self.pid = pid
        self.command = command
        self.arguments = arguments
    }
}

extension SeccompReport: JSONWritable, JSONObjectReadable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { $0.member("denied", denied) }
    }

    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        denied = reader.required("denied", object)
    }

    /// Reads a report.
    package static func read(_ bytes: [UInt8]) throws(ConfigErrors) -> SeccompReport { try JSONReader.read(bytes) }
}

extension SeccompReport.Denied: JSONWritable, JSONObjectReadable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("syscall", syscall)
            writer.member("number", UInt64(number))
            writer.member("architecture", architecture)
            writer.member("action", action)
            writer.member("errno", errno)
            writer.member("count", count)
            writer.member("calls", calls)
            writer.member("conditions", conditions)
            writer.member("allow", rules)
        }
    }

    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        syscall = reader.optional("syscall", object)
        number = reader.required("number", object)
        architecture = reader.required("architecture", object)
        action = reader.required("action", object)
        errno = reader.optional("errno", object)
        count = reader.required("count", object)
        calls = reader.required("calls", object)
        conditions = reader.required("conditions", object)
        reader.skip("allow", object)
    }
}

extension SeccompReport.Call: JSONWritable, JSONObjectReadable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("pid", pid)
            writer.member("command", command)
            writer.member("args", arguments)
        }
    }

    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        pid = reader.required("pid", object)
        command = reader.required("command", object)
        arguments = reader.required("args", object)
    }
}
