// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

// A configuration as a document again, in the order of the specification: for whoever makes one out of another.

extension Config: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("ociVersion", ociVersion)
            writer.member("root", root)
            writer.member("process", process)
            writer.member("hostname", hostname)
            writer.member("domainname", domainname)
            writer.member("mounts", mounts)
            writer.member("hooks", hooks)
            writer.member("annotations", map: annotations)
            writer.member("linux", linux)
        }
    }
}

extension Config.Root: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("path", path)
            writer.member("readonly", readonly)
        }
    }
}

extension Config.Process: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("terminal", terminal)
            writer.member("consoleSize", consoleSize)
            writer.member("cwd", cwd)
            writer.member("env", env)
            writer.member("args", args)
            writer.member("commandLine", commandLine)
            writer.member("rlimits", rlimits)
            writer.member("apparmorProfile", apparmorProfile)
            writer.member("capabilities", capabilities)
            writer.member("noNewPrivileges", noNewPrivileges)
            writer.member("oomScoreAdj", oomScoreAdj)
            writer.member("scheduler", scheduler)
            writer.member("selinuxLabel", selinuxLabel)
            writer.member("ioPriority", ioPriority)
            writer.member("execCPUAffinity", execCPUAffinity)
            writer.member("user", user)
        }
    }
}

extension Config.Process.ConsoleSize: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("height", height)
            writer.member("width", width)
        }
    }
}

extension Config.Process.User: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("uid", uid)
            writer.member("gid", gid)
            writer.member("umask", umask)
            writer.member("additionalGids", additionalGids)
            writer.member("username", username)
        }
    }
}

extension Config.Process.Capabilities: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("bounding", bounding)
            writer.member("effective", effective)
            writer.member("inheritable", inheritable)
            writer.member("permitted", permitted)
            writer.member("ambient", ambient)
        }
    }
}

extension Config.Process.Rlimit: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", type)
            writer.member("soft", soft)
            writer.member("hard", hard)
        }
    }
}

extension Config.Process.Scheduler: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("policy", policy)
            writer.member("nice", nice)
            writer.member("priority", priority)
            writer.member("flags", flags)
            writer.member("runtime", runtime)
            writer.member("deadline", deadline)
            writer.member("period", period)
        }
    }
}

extension Config.Process.IOPriority: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("class", self.class)
            writer.member("priority", priority)
        }
    }
}

extension Config.Process.ExecCPUAffinity: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("initial", initial)
            writer.member("final", final)
        }
    }
}

extension Config.Mount: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("destination", destination)
            writer.member("source", source)
            writer.member("type", type)
            writer.member("options", options)
            writer.member("uidMappings", uidMappings)
            writer.member("gidMappings", gidMappings)
        }
    }
}

extension Config.Hooks: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("prestart", prestart)
            writer.member("createRuntime", createRuntime)
            writer.member("createContainer", createContainer)
            writer.member("startContainer", startContainer)
            writer.member("poststart", poststart)
            writer.member("poststop", poststop)
        }
    }
}

extension Config.Hook: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("path", path)
            writer.member("args", args)
            writer.member("env", env)
            writer.member("timeout", timeout)
        }
    }
}

extension Config.Linux: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("namespaces", namespaces)
            writer.member("uidMappings", uidMappings)
            writer.member("gidMappings", gidMappings)
            writer.member("timeOffsets", map: timeOffsets)
            writer.member("devices", devices)
            writer.member("netDevices", map: netDevices)
            writer.member("cgroupsPath", cgroupsPath)
            writer.member("resources", resources)
            writer.member("intelRdt", intelRdt)
            writer.member("memoryPolicy", memoryPolicy)
            writer.member("sysctl", map: sysctl)
            writer.member("seccomp", seccomp)
            writer.member("rootfsPropagation", rootfsPropagation)
            writer.member("maskedPaths", maskedPaths)
            writer.member("readonlyPaths", readonlyPaths)
            writer.member("mountLabel", mountLabel)
            writer.member("personality", personality)
        }
    }
}

extension Config.Linux.MemoryPolicy: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("mode", mode)
            writer.member("nodes", nodes)
            writer.member("flags", flags)
        }
    }
}

extension Config.Linux.Personality: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("domain", domain)
            writer.member("flags", flags)
        }
    }
}

extension Config.Linux.IntelRdt: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("closID", closID)
            writer.member("schemata", schemata)
            writer.member("l3CacheSchema", l3CacheSchema)
            writer.member("memBwSchema", memBwSchema)
            writer.member("enableMonitoring", enableMonitoring)
            writer.member("enableCMT", enableCMT)
            writer.member("enableMBM", enableMBM)
        }
    }
}

extension Config.Linux.Namespace: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", type)
            writer.member("path", path)
        }
    }
}

extension Config.Linux.IDMapping: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("containerID", containerID)
            writer.member("hostID", hostID)
            writer.member("size", size)
        }
    }
}

extension Config.Linux.TimeOffset: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("secs", secs)
            writer.member("nanosecs", nanosecs)
        }
    }
}

extension Config.Linux.Device: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", type)
            writer.member("path", path)
            writer.member("major", major)
            writer.member("minor", minor)
            writer.member("fileMode", fileMode)
            writer.member("uid", uid)
            writer.member("gid", gid)
        }
    }
}

extension Config.Linux.NetDevice: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", name)
        }
    }
}

extension Config.Linux.Seccomp: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("defaultAction", defaultAction)
            writer.member("defaultErrnoRet", defaultErrnoRet)
            writer.member("architectures", architectures)
            writer.member("flags", flags)
            writer.member("listenerPath", listenerPath)
            writer.member("listenerMetadata", listenerMetadata)
            writer.member("syscalls", syscalls)
        }
    }
}

extension Config.Linux.Seccomp.Syscall: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("names", names)
            writer.member("action", action)
            writer.member("errnoRet", errnoRet)
            writer.member("args", args)
        }
    }
}

extension Config.Linux.Seccomp.Arg: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("index", index)
            writer.member("value", value)
            writer.member("valueTwo", valueTwo)
            writer.member("op", op)
        }
    }
}
