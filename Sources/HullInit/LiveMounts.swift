// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// A short-lived process in the mounts of a container that runs: it carries out its list and is gone. The container
    /// may be hostile, so it holds no descriptor but those of the list, and nobody in there may look into it.
    package consuming func runAsMounter() -> Never {
        reportsMounts = true
        var index = 0
        do throws(SystemError) {
            try closeDescriptors(except: needed)
            _ = CurrentProcess.setUmask(0)
            while index < steps.count {
                let action = steps[index].action
                try apply(action)
                // Another user may be looked into again: prctl(2), PR_SET_DUMPABLE.
                if case .becomeNamespaceUser = action { try CurrentProcess.hide() }
                index += 1
            }
        } catch {
            InitMessage.failure(step: index, error).sendLast(to: socket)
            CurrentProcess.exit(1)
        }
        CurrentProcess.exit(0)
    }

    /// Tells the runtime of a mount that is attached now, and waits until it has noted that.
    func report(_ tree: borrowing MountTree, _ destination: Bytes) throws(SystemError) {
        let status = try tree.descriptor.status()
        let mount = LiveMount(
            destination: destination, place: destination, mount: status.mount, device: status.deviceText)
        try InitMessage.mounted(mount).send(to: socket)
        _ = try hear(.goOn)
    }

    /// Takes a mount away, if it is still the one that is meant. The name is looked up once more by umount2(2), but not
    /// followed: whoever exchanges it meanwhile only changes what is unmounted in this container.
    func unmount(_ mount: LiveMount) throws(SystemError) {
        guard let place = try? root.open(mount.place, [.path, .noFollow], strict: true),
            case let status = try place.status(), status.mount == mount.mount, status.deviceText == mount.device
        else {
            throw SystemError(
                "umount2", mount.place, .einval, detail: "it is not there any more, or another mount covers it")
        }
        let parent = try root.open(mount.place.parentPath, [.path, .directory], strict: true)
        try MountTree.unmount(mount.place.lastComponent, in: parent.number)
    }
}

extension FileStatus {
    /// The filesystem as text.
    fileprivate var deviceText: Bytes { "\(Int(filesystem.major)):\(Int(filesystem.minor))" }
}
