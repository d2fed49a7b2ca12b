// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// A restore, decided: what hull does before CRIU and after it, and what is asked of CRIU.
package struct RestorePlan: Sendable {
    /// A mount that CRIU is given.
    package struct Mount: Sendable {
        package var key: Bytes
        package var source: ExternalMount.Source
        /// A mount that the source brings along: its place below it.
        package var below: Bytes
        package var origin: JSONPointer
    }

    /// In the runtime's namespaces, before there are processes.
    package var before: [OutsideStep] = []
    /// When all processes are there, before they go on.
    package var after: [OutsideStep] = []
    /// Opens layers, in a mount namespace of CRIU's.
    package var layers: [InsideStep] = []
    package var root: RootPlan = .tree(slot: 0)
    package var rootOrigin: JSONPointer = "/root/path"
    /// CRIU takes the root as it is given: it would be writable.
    package var isRootReadOnly = false
    package var mounts: [Mount] = []
    /// Names of standard streams, with their numbers.
    package var streams: [(name: Bytes, number: Int32)] = []
    /// Namespaces that CRIU is given open.
    package var inherited: [(key: Bytes, slot: Int)] = []
    /// Namespaces that CRIU joins.
    package var joined: [(kind: Bytes, slot: Int)] = []
    package var options = CRIUOptions()
}

/// Decides how a container is restored. What the images say is only compared with the config: each source is the
/// config's.
package func restore(
    _ plan: ContainerPlan, _ request: CheckpointRequest, _ image: CheckpointImage
) throws(ConfigErrors) -> RestorePlan {
    var findings = Findings()
    plan.checkSavable(&findings)
    var result = RestorePlan()
    result.splitSteps(of: plan)
    result.setRoot(of: plan)
    result.setMounts(of: plan, image, &findings)
    result.setNamespaces(of: plan, image, &findings)
    if image.terminal != plan.process.terminal {
        findings.error(
            "/process/terminal", image.terminal ? "the checkpoint has a terminal" : "the checkpoint has no terminal")
    }
    for (number, name) in image.streams.enumerated() where !name.isEmpty {
        if !result.streams.contains(where: { $0.name == name }) { result.streams.append((name, Int32(number))) }
    }
    var options = request.options(plan)
    options.restores = true
    options.logFile = "restore.log"
    options.configFile = plan.annotatedCRIUConfig
    // The cgroup may be another one than that of the checkpoint.
    if options.cgroupsMode != .ignore { options.cgroupRoot = plan.cgroup.path }
    result.options = options
    try findings.throwIfAny()
    return result
}

extension RestorePlan {
    /// The steps of a creation that CRIU does not do. Limits follow when all is restored: it needs more than the
    /// container may have.
    mutating func splitSteps(of plan: ContainerPlan) {
        for step in plan.outside {
            switch step.action {
            case .record, .makeCgroup, .unitProperty, .startUnit, .enableController, .makeIntelRdt, .openTree,
                .makeUpperLayer, .makeUserNamespace, .openNamespace, .requireForeign, .connectConsole, .requireSELinux:
                before.append(step)
            case .writeCgroupFile, .lowerMemory, .joinIntelRdt, .attachDeviceFilter, .delegateCgroup, .affinity,
                .ioPriority, .sendPidfd, .pidFile:
                after.append(step)
            case .makeFilesystem, .makeNetwork, .openHookOutput, .listenForStart, .moveNetDevice, .clone, .writeIDMap,
                .mapByTool, .compareIDMap, .denySetgroups, .oomScore, .releaseMappings, .passTimeOffsets, .hooks,
                .awaitReady,
                .limit, .makeNotifyDirectory, .listenForNotifications, .ownAffinity, .scheduler:
                // CRIU's, or nothing that a checkpoint has.
                continue
            }
        }
    }

    mutating func setRoot(of plan: ContainerPlan) {
        for step in plan.inside {
            switch step.action {
            case .openLayer: layers.append(step)
            case .root(let root):
                self.root = root
                rootOrigin = step.origin
            case .readonlyRoot: isRootReadOnly = true
            default: continue
            }
        }
    }

    mutating func setMounts(of plan: ContainerPlan, _ image: CheckpointImage, _ findings: inout Findings) {
        let externals = plan.externalMounts
        var unused = externals.indices.map { $0 }
        for mount in image.mounts {
            guard let index = externals.lastIndex(where: { $0.destination == mount.destination }) else {
                findings.error(
                    "/mounts",
                    "the checkpoint has a mount at \"\(mount.destination)\", and the config has none from the host")
                continue
            }
            unused.removeAll { $0 == index }
            mounts.append(
                Mount(
                    key: mount.key, source: externals[index].source, below: mount.below,
                    origin: externals[index].origin))
        }
        for index in unused {
            findings.error(
                externals[index].origin,
                "the checkpoint has no mount at \"\(externals[index].destination)\": it cannot be added at restore")
        }
    }

    mutating func setNamespaces(of plan: ContainerPlan, _ image: CheckpointImage, _ findings: inout Findings) {
        for namespace in plan.joinedNamespaces {
            guard image.namespaces.contains(namespace.kind.name) else {
                findings.error(
                    namespace.origin, "the checkpoint has a \(namespace.kind.name) namespace of its own",
                    hint: "leave \"path\" out")
                continue
            }
            if let key = namespace.kind.externalKey {
                inherited.append((key, namespace.slot))
            } else {
                joined.append((namespace.kind.fileName, namespace.slot))
            }
        }
        for name in image.namespaces where !plan.joinedNamespaces.contains(where: { $0.kind.name == name }) {
            findings.error(
                "/linux/namespaces", "the checkpoint is of a container that had joined a \(name) namespace",
                hint: "say its path")
        }
    }
}
