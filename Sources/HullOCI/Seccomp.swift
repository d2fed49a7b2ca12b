// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config.Linux {
    /// `linux.seccomp`: the system call filter.
    package struct Seccomp: Equatable, Sendable {
        /// What is done with a system call that no rule matches, "SCMP_ACT_ERRNO".
        package var defaultAction: Bytes
        /// The errno of that action.
        package var defaultErrnoRet: UInt32?
        /// The architectures, "SCMP_ARCH_X86_64".
        package var architectures: [Bytes]?
        /// Flags for seccomp(2), "SECCOMP_FILTER_FLAG_LOG".
        package var flags: [Bytes]?
        /// The socket of the agent that is asked.
        package var listenerPath: Bytes?
        /// What the agent is told besides.
        package var listenerMetadata: Bytes?
        /// The rules.
        package var syscalls: [Syscall]?

        /// A filter with a default action and no rule.
        package init(defaultAction: Bytes, syscalls: [Syscall]? = nil) {
            self.defaultAction = defaultAction
            self.syscalls = syscalls
        }
    }
}

extension Config.Linux.Seccomp {
    /// `linux.seccomp.syscalls[]`.
    package struct Syscall: Equatable, Sendable {
        /// The system calls.
        package var names: [Bytes]
        /// What is done with them, "SCMP_ACT_ALLOW".
        package var action: Bytes
        /// The errno of that action.
        package var errnoRet: UInt32?
        /// The conditions on their arguments.
        package var args: [Arg]?

        /// A rule.
        package init(names: [Bytes], action: Bytes, errnoRet: UInt32? = nil, args: [Arg]? = nil) {
            self.names = names
            self.action = action
            self.errnoRet = errnoRet
            self.args = args
        }
    }

    /// `linux.seccomp.syscalls[].args[]`.
    package struct Arg: Equatable, Sendable {
        /// Which argument, from 0.
        package var index: UInt32
        /// What it is compared with; the mask of "SCMP_CMP_MASKED_EQ".
        package var value: UInt64
        /// What the masked argument is compared with.
        package var valueTwo: UInt64?
        /// How, "SCMP_CMP_EQ".
        package var op: Bytes

        /// A condition.
        package init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: Bytes) {
            self.index = index
            self.value = value
            self.valueTwo = valueTwo
            self.op = op
        }
    }
}

extension Config.Linux.Seccomp: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        defaultAction = reader.required("defaultAction", object)
        defaultErrnoRet = reader.optional("defaultErrnoRet", object)
        architectures = reader.optional("architectures", object)
        flags = reader.optional("flags", object)
        listenerPath = reader.optional("listenerPath", object)
        listenerMetadata = reader.optional("listenerMetadata", object)
        syscalls = reader.optional("syscalls", object)
    }
}

extension Config.Linux.Seccomp.Syscall: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        names = reader.required("names", object)
        action = reader.required("action", object)
        errnoRet = reader.optional("errnoRet", object)
        args = reader.optional("args", object)
    }
}

extension Config.Linux.Seccomp.Arg: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        index = reader.required("index", object)
        value = reader.required("value", object)
        valueTwo = reader.optional("valueTwo", object)
        op = reader.required("op", object)
    }
}
