// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Opens a pseudo-terminal of the container's own devpts, sends its master away, and takes the other end as
    /// standard streams and controlling terminal.
    mutating func openConsole(_ plan: ConsolePlan) throws(SystemError) {
        guard let consoleSocket else { throw SystemError("connect", "console socket", .ebadf) }
        let master = try openMaster()
        let peer = try Terminal.peer(of: master.number)
        let name = "/dev/pts/\(try Terminal.number(of: master.number))" as Bytes
        try Terminal.passNewlines(peer.number)
        if let size = plan.size { try Terminal.setSize(peer.number, rows: size.rows, columns: size.columns) }
        try RootDirectory.changeOwner("", uid: plan.uid, gid: UInt32.max, in: peer.number)
        if plan.atDevConsole { try bindConsole(peer) }
        try Sockets.send(name, descriptors: [master.number], to: consoleSocket)
        for standard in Int32(0)...2 { try CurrentProcess.useAsStandard(peer.number, standard) }
        try Terminal.makeControlling(0)
    }

    /// The master of the container's devpts, and not what a link or a fifo there may make of it (CVE-2025-52565).
    private func openMaster() throws(SystemError) -> Descriptor {
        let path = "/dev/pts/ptmx" as Bytes
        let flags: OpenFlags = [.readWrite, .noControllingTerminal, .nonBlocking, .noFollow]
        let master = try root.open(path, flags)
        let status = try master.status()
        guard status.isCharacterDevice, status.device == DeviceNumber(major: 5, minor: 2),
            try master.filesystemType() == Filesystem.devpts
        else { throw SystemError("openat2", path, .enodev, detail: "it is not the ptmx of a devpts") }
        try master.clearNonBlocking()
        return master
    }

    private func bindConsole(_ peer: borrowing Descriptor) throws(SystemError) {
        let directory = try root.makeDirectories("/dev")
        let place = try RootDirectory.makeFile("console", in: directory.number)
        try MountTree(copyingAt: peer.number, recursive: false).attach(at: place.number)
    }
}
