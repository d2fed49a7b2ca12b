// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// Who calls, and which ids the files of an image can have.
struct Caller {
    let uid = Credentials.effectiveUser
    let gid = Credentials.effectiveGroup
    /// The maps of a container of the caller's, who is not root; those of this process's user namespace where there is
    /// more than the own id.
    private(set) var uids: [IDMapping] = []
    private(set) var gids: [IDMapping] = []
    /// Why files belong to the caller, and not to who the image says.
    private(set) var reason: Bytes = "the user namespace does not have their ids"

    var isRoot: Bool { uid == 0 }

    /// An ordinary user with ids in /etc/subuid and /etc/subgid goes into a user namespace with all of them: files can
    /// be given to them there. Without such ids all files stay the caller's.
    init(entering: Bool) {
        guard !isRoot, entering else { return }
        uids = [IDMapping(containerID: 0, hostID: uid, size: 1)]
        gids = [IDMapping(containerID: 0, hostID: gid, size: 1)]
        let name = SubordinateIDs.name(of: uid, inPasswd: Caller.text("/etc/passwd"))
        func granted(_ file: Bytes, own: UInt32) -> [IDMapping]? {
            SubordinateIDs(file: file, text: Caller.text(file), user: uid, name: name, own: own).map
        }
        guard let users = granted("/etc/subuid", own: uid), let groups = granted("/etc/subgid", own: gid) else {
            reason =
                "/etc/subuid and /etc/subgid have no ranges for \(name ?? "\(uid)"): as root usermod --add-subuids "
                + "100000-165535 --add-subgids 100000-165535 \(name ?? "\(uid)")"
            return
        }
        let tools = (users: IDMapTool(group: false), groups: IDMapTool(group: true))
        guard tools.users.isInstalled, tools.groups.isInstalled else {
            reason = "newuidmap and newgidmap are not installed: they are in the package uidmap, or shadow"
            return
        }
        do throws(SystemError) {
            try UserNamespace.enter { pid throws(SystemError) in
                try tools.groups.write(groups, of: pid)
                try tools.users.write(users, of: pid)
            }
            (uids, gids) = (users, groups)
            reason = "/etc/subuid and /etc/subgid grant no ids for them"
        } catch { reason = error.line }
    }

    private static func text(_ file: Bytes) -> Bytes { Bytes((try? HostFiles.read(file)) ?? []) }

    /// Has a config map the ids as here; gives what its process loses by that.
    func map(_ config: inout Config) -> [Bytes] {
        guard !isRoot else { return [] }
        func said(_ maps: [IDMapping]) -> [Config.Linux.IDMapping] {
            maps.map { Config.Linux.IDMapping(containerID: $0.containerID, hostID: $0.hostID, size: $0.size) }
        }
        config.linux?.uidMappings = said(uids)
        config.linux?.gidMappings = said(gids)
        guard let user = config.process?.user else { return [] }
        var losses: [Bytes] = []
        let (uid, gid) = (user.uid ?? 0, user.gid ?? 0)
        if uids.hostID(of: uid) == nil || gids.hostID(of: gid) == nil {
            losses.append("the image's user is \(uid):\(gid), which no container of this caller has: \(reason)")
        }
        // With the own id alone setgroups(2) is denied.
        let groups = user.additionalGids ?? []
        let kept = gids.count > 1 ? groups.filter { gids.hostID(of: $0) != nil } : []
        config.process?.user?.additionalGids = kept.isEmpty ? nil : kept
        if groups.contains(where: { $0 != gid && !kept.contains($0) }) {
            let lost = groups.filter { !kept.contains($0) }.map { "\($0)" as Bytes }.joined(", ")
            losses.append("the image's user is not in its groups \(lost): \(reason)")
        }
        return losses
    }
}
