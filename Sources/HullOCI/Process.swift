// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config {
    /// `process`: the container's process, and the document that `exec --process` reads.
    package struct Process: Equatable, Sendable {
        /// Whether a terminal is attached.
        package var terminal: Bool?
        /// The size of that terminal.
        package var consoleSize: ConsoleSize?
        /// The working directory.
        package var cwd: Bytes
        /// The environment, "NAME=value".
        package var env: [Bytes]?
        /// The program and its arguments.
        package var args: [Bytes]?
        /// Windows only; read so that it is not taken for a misspelling.
        package var commandLine: Bytes?
        /// The resource limits.
        package var rlimits: [Rlimit]?
        /// The AppArmor profile.
        package var apparmorProfile: Bytes?
        /// The five capability sets.
        package var capabilities: Capabilities?
        /// Whether `execve` may grant no privileges.
        package var noNewPrivileges: Bool?
        /// The value for `/proc/self/oom_score_adj`.
        package var oomScoreAdj: Int64?
        /// The CPU scheduler's parameters.
        package var scheduler: Scheduler?
        /// The SELinux label of the process.
        package var selinuxLabel: Bytes?
        /// The I/O priority.
        package var ioPriority: IOPriority?
        /// The CPUs of a process that is executed in a running container.
        package var execCPUAffinity: ExecCPUAffinity?
        /// Who the process is.
        package var user: User?

        /// A process that says nothing but its working directory.
        package init(cwd: Bytes) { self.cwd = cwd }
    }
}

extension Config.Process {
    /// `process.consoleSize`, in characters.
    package struct ConsoleSize: Equatable, Sendable {
        /// The number of lines.
        package var height: UInt64
        /// The number of columns.
        package var width: UInt64

        /// A size in characters.
        package init(height: UInt64, width: UInt64) {
            self.height = height
            self.width = width
        }
    }

    /// `process.user`.
    package struct User: Equatable, Sendable {
        /// The user id inside.
        package var uid: UInt32?
        /// The group id inside.
        package var gid: UInt32?
        /// The file mode creation mask.
        package var umask: UInt32?
        /// The supplementary group ids inside.
        package var additionalGids: [UInt32]?
        /// Windows only; read so that it is not taken for a misspelling.
        package var username: Bytes?

        /// A user of whom nothing is said.
        package init() {}
        /// A user by number.
        package init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// `process.capabilities`: capability names per set.
    package struct Capabilities: Equatable, Sendable {
        /// The bounding set.
        package var bounding: [Bytes]?
        /// The effective set.
        package var effective: [Bytes]?
        /// The inheritable set.
        package var inheritable: [Bytes]?
        /// The permitted set.
        package var permitted: [Bytes]?
        /// The ambient set.
        package var ambient: [Bytes]?

        /// No set said.
        package init() {}
    }

    /// `process.rlimits[]`.
    package struct Rlimit: Equatable, Sendable {
        /// The resource, "RLIMIT_NOFILE".
        package var type: Bytes
        /// The limit that is enforced.
        package var soft: UInt64
        /// The ceiling of the soft limit.
        package var hard: UInt64

        /// The two limits of a resource.
        package init(type: Bytes, soft: UInt64, hard: UInt64) {
            self.type = type
            self.soft = soft
            self.hard = hard
        }
    }

    /// `process.scheduler`: the arguments of sched_setattr(2).
    package struct Scheduler: Equatable, Sendable {
        /// The policy, "SCHED_FIFO".
        package var policy: Bytes
        /// The nice value.
        package var nice: Int32?
        /// The static priority of the real-time policies.
        package var priority: Int32?
        /// Flags, "SCHED_FLAG_RESET_ON_FORK".
        package var flags: [Bytes]?
        /// The nanoseconds of running time in a period, of the deadline policy.
        package var runtime: UInt64?
        /// The deadline in nanoseconds, of the deadline policy.
        package var deadline: UInt64?
        /// The period in nanoseconds, of the deadline policy.
        package var period: UInt64?

        /// A policy alone.
        package init(policy: Bytes) { self.policy = policy }
    }

    /// `process.ioPriority`.
    package struct IOPriority: Equatable, Sendable {
        /// The class, "IOPRIO_CLASS_BE".
        package var `class`: Bytes
        /// The level within the class, 0 (highest) to 7.
        package var priority: Int32?

        /// A level of a class.
        package init(class: Bytes, priority: Int32? = nil) {
            self.class = `class`
            self.priority = priority
        }
    }

    /// `process.execCPUAffinity`: lists of CPUs, "0-3,7".
    package struct ExecCPUAffinity: Equatable, Sendable {
        /// The CPUs before the process enters the container's cgroup.
        package var initial: Bytes?
        /// The CPUs after that.
        package var final: Bytes?

        /// Neither said.
        package init() {}
    }
}

extension Config.Process: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        terminal = reader.optional("terminal", object)
        consoleSize = reader.optional("consoleSize", object)
        cwd = reader.required("cwd", object)
        env = reader.optional("env", object)
        args = reader.optional("args", object)
        commandLine = reader.optional("commandLine", object)
        rlimits = reader.optional("rlimits", object)
        apparmorProfile = reader.optional("apparmorProfile", object)
        capabilities = reader.optional("capabilities", object)
        noNewPrivileges = reader.optional("noNewPrivileges", object)
        oomScoreAdj = reader.optional("oomScoreAdj", object)
        scheduler = reader.optional("scheduler", object)
        selinuxLabel = reader.optional("selinuxLabel", object)
        ioPriority = reader.optional("ioPriority", object)
        execCPUAffinity = reader.optional("execCPUAffinity", object)
        user = reader.optional("user", object)
    }
}

extension Config.Process.ConsoleSize: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        height = reader.required("height", object)
        width = reader.required("width", object)
    }
}

extension Config.Process.User: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        uid = reader.optional("uid", object)
        gid = reader.optional("gid", object)
        umask = reader.optional("umask", object)
        additionalGids = reader.optional("additionalGids", object)
        username = reader.optional("username", object)
    }
}

extension Config.Process.Capabilities: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        bounding = reader.optional("bounding", object)
        effective = reader.optional("effective", object)
        inheritable = reader.optional("inheritable", object)
        permitted = reader.optional("permitted", object)
        ambient = reader.optional("ambient", object)
    }
}

extension Config.Process.Rlimit: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        type = reader.required("type", object)
        soft = reader.required("soft", object)
        hard = reader.required("hard", object)
    }
}

extension Config.Process.Scheduler: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        policy = reader.required("policy", object)
        nice = reader.optional("nice", object)
        priority = reader.optional("priority", object)
        flags = reader.optional("flags", object)
        runtime = reader.optional("runtime", object)
        deadline = reader.optional("deadline", object)
        period = reader.optional("period", object)
    }
}

extension Config.Process.IOPriority: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        self.class = reader.required("class", object)
        priority = reader.optional("priority", object)
    }
}

extension Config.Process.ExecCPUAffinity: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        initial = reader.optional("initial", object)
        final = reader.optional("final", object)
    }
}

extension Config.Process {
    /// Reads the document of `exec --process`.
    package static func read(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(ConfigErrors) -> Config.Process {
        try JSONReader.read(bytes, limits: limits)
    }
}
