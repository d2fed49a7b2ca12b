// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// The directory in which a proxy will listen for the program's notifications, sd_notify(3), at /run/notify. The
    /// service manager's own socket is not passed on: through it a container could say anything.
    mutating func resolveNotify() -> [InsideStep] {
        guard let directory = request.notifyDirectory else { return [] }
        outside(.makeNotifyDirectory(directory), "")
        if !request.startsLater { outside(.listenForNotifications(directory), "") }
        var tree = TreePlan(path: directory, recursive: false, slot: newSlot())
        tree.attributes = MountOptions.resolve(["ro", "nosuid", "nodev", "noexec"], at: "", &findings).attributes
        tree.propagation = [.init(type: .private, recursive: false)]
        openTree(tree, "")
        let plan = MountPlan(destination: "/run/notify", what: .tree(slot: tree.slot))
        return [InsideStep(action: .mount(plan), origin: "")]
    }

    /// Where the program finds the socket.
    mutating func announceNotifySocket() {
        guard request.notifyDirectory != nil else { return }
        plan.process.environment.removeAll { $0.hasPrefix("NOTIFY_SOCKET=") }
        plan.process.environment.append("NOTIFY_SOCKET=/run/notify/notify.sock")
    }
}
