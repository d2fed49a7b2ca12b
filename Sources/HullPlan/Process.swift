// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
package import HullOCI

extension Resolution {
    /// The container's program.
    mutating func resolveProcess() {
        guard let process = config.process else {
            findings.error("/process", "is required to create a container")
            return
        }
        plan.process = resolveProgram(
            process, host, inUserNamespace: inUserNamespace, at: "/process", &findings)
        plan.process.preservedDescriptors = request.preservedDescriptors
        plan.process.usesAllCPUs = true
        if request.listenDescriptors > 0 {
            // The program will be pid 1 of its namespace: sd_listen_fds(3) compares LISTEN_PID.
            plan.process.environment += ["LISTEN_FDS=\(request.listenDescriptors)", "LISTEN_PID=1"]
            if !request.listenNames.isEmpty {
                plan.process.environment.append("LISTEN_FDNAMES=\(request.listenNames)")
            }
        }
        announceNotifySocket()
        if keepsOriginalGroups(config.annotations) { plan.process.groups = nil }
        // A new user namespace takes the denial over from the caller's.
        if host.deniesSetgroups {
            plan.process.leaveGroups(at: "/process/user/additionalGids", &findings)
        }
        // For processes of `exec` alone, which would find what is wrong with it too late.
        _ = resolveCPUAffinity(process.execCPUAffinity, at: "/process/execCPUAffinity", &findings)
        var surroundings = SeccompSurroundings()
        surroundings.annotations = config.annotations
        surroundings.receiver = request.seccompReceiver
        surroundings.bundle = request.bundle
        plan.process.filter(
            by: resolveSeccomp(config.linux?.seccomp, surroundings, at: "/linux/seccomp", &findings))
        resolveSeccompReport()
    }
}

/// What a process becomes: the same rules for a container's first process and for `exec`. A process that enters a user
/// namespace has all capabilities in it, whatever it had before: user_namespaces(7), "Capabilities".
package func resolveProgram(
    _ said: Config.Process, _ host: Host, inUserNamespace: Bool, at pointer: JSONPointer, _ findings: inout Findings
) -> ProcessPlan {
    var plan = ProcessPlan()
    plan.arguments = said.args ?? []
    if plan.arguments.isEmpty || plan.arguments[0].isEmpty {
        findings.error(pointer.appending("args"), "names no program")
    }
    plan.environment = resolveEnvironment(said.env, at: pointer.appending("env"), &findings)
    plan.cwd = said.cwd
    if !said.cwd.isAbsolutePath {
        findings.error(pointer.appending("cwd"), "\"\(said.cwd)\" is not an absolute path")
    }
    resolveUser(said.user, at: pointer.appending("user"), &plan, &findings)
    plan.lastCapability = host.lastCapability
    plan.noNewPrivileges = said.noNewPrivileges ?? false
    plan.capabilities = resolveCapabilities(
        said.capabilities, grantable: inUserNamespace ? host.allCapabilities : host.capabilities,
        at: pointer.appending("capabilities"), &findings)
    if let score = said.oomScoreAdj, !(-1000...1000).contains(score) {
        findings.error(pointer.appending("oomScoreAdj"), "\(score) is outside -1000 to 1000")
    }
    return plan
}

/// Who the process is: nobody said is root, without supplementary groups.
private func resolveUser(
    _ said: Config.Process.User?, at pointer: JSONPointer, _ plan: inout ProcessPlan, _ findings: inout Findings
) {
    plan.uid = said?.uid ?? 0
    plan.gid = said?.gid ?? 0
    plan.groups = said?.additionalGids ?? []
    plan.umask = said?.umask ?? 0o022
    if plan.umask > 0o777 { findings.error(pointer.appending("umask"), "\(plan.umask) is no file mode mask") }
    // To setresuid(2) this number means "leave as it is": the process would stay root.
    func refuse(_ id: UInt32, _ place: JSONPointer) {
        if id == UInt32.max { findings.error(place, "4294967295 is no id") }
    }
    refuse(plan.uid, pointer.appending("uid"))
    refuse(plan.gid, pointer.appending("gid"))
    for (index, group) in (plan.groups ?? []).enumerated() {
        refuse(group, pointer.appending("additionalGids").appending(index))
    }
}

/// The environment: each entry has a name, and of two with the same name the later stays.
func resolveEnvironment(_ said: [Bytes]?, at pointer: JSONPointer, _ findings: inout Findings) -> [Bytes] {
    var entries: [Bytes] = []
    var places = PlacesByName()
    for (index, entry) in (said ?? []).enumerated() {
        guard isVariable(entry), let equals = entry.firstIndex(of: 0x3d) else {
            findings.error(pointer.appending(index), "\"\(entry)\" is not of the form NAME=value")
            continue
        }
        if let place = places.place(of: entry.prefix(equals), orNote: entries.count) {
            entries[place] = entry
        } else {
            entries.append(entry)
        }
    }
    return entries
}

/// Whether the text is an entry of environ(7): a name, "=" and a value.
func isVariable(_ entry: Bytes) -> Bool { entry.firstIndex(of: 0x3d) ?? 0 > 0 }
