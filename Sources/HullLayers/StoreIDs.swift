// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

// Layers are unpacked for the ids of one user namespace: in another one what is root's would be somebody else's.

extension ImageStore {
    /// Takes a store that is new for the caller's ids, and refuses one for others. That of the machine's root says
    /// nothing.
    func checkIDs() throws(ImageError) {
        let own = try system("look at the caller's ids", "") { () throws(SystemError) in try callersIDs() }
        var found = try idsOfStore()
        if found == nil, !own.isEmpty {
            let lock = try lock("locks/ids", exclusive: true)
            found = try idsOfStore()
            if found == nil {
                try replaceFile("layers/ids", own.array)
                found = own
            }
            _ = consume lock
        }
        guard let found, found != own else { return }
        throw ImageError(
            "open the store", root,
            "it is for the ids \(found), and the caller has \(own.isEmpty ? "those of the machine" : own)",
            hint: "say another one with --store DIR")
    }

    private func idsOfStore() throws(ImageError) -> Bytes? {
        try exists("layers/ids") ? Bytes(try readFile("layers/ids")) : nil
    }

    /// In one line, empty for all ids of the machine. An ordinary user has the own id alone.
    private func callersIDs() throws(SystemError) -> Bytes {
        let user = Credentials.effectiveUser
        guard user == 0 else { return "users 0 \(user) 1; groups 0 \(Credentials.effectiveGroup) 1" }
        func lines(_ name: Bytes) throws(SystemError) -> Bytes {
            IDMapping.all(inMap: Bytes(try HostFiles.read("/proc/self/\(name)"))).map { $0.line.trimmed }.joined(", ")
        }
        let users = try lines("uid_map")
        return users == "0 0 4294967295" ? "" : "users \(users); groups \(try lines("gid_map"))"
    }
}
