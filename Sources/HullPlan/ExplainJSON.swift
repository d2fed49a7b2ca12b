// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// The plan as JSON: the same steps in the same order and words as the text has them.
package func planJSON(_ plan: ContainerPlan, profile: Config.Linux.Seccomp? = nil) -> Bytes {
    var writer = JSONWriter(.blanks(2))
    writer.object { writer in
        writer.member("id", plan.id)
        writer.member("bundle", plan.bundle)
        writer.member("rootfs", plan.rootfs)
        writer.steps(plan)
        writer.objects("mounts", mountRows(plan)) { writer, mount in
            writer.member("destination", mount.destination)
            writer.member("type", mount.type)
            writer.member("source", mount.source)
            writer.member("options", mount.options)
            writer.member("propagation", mount.propagation)
        }
        writer.idMaps(plan)
        writer.cgroup(plan)
        if let plan = plan.intelRdt {
            writer.key("resctrl")
            writer.object { writer in
                writer.member("class", plan.words)
                writer.member("schemata", plan.schemata.map(\.text))
                writer.member("monitoring", plan.monitor)
            }
        }
        writer.key("process")
        writer.process(plan.process)
        writer.key("seccomp")
        writer.seccomp(plan.process, profile)
        writer.objects("hooks", HookKind.allCases.flatMap { kind in plan.hooks[kind].map { (kind, $0) } }) {
            writer, entry in
            writer.member("kind", entry.0.name)
            writer.member("path", entry.1.path)
            writer.member("args", entry.1.arguments)
            writer.member("env", entry.1.environment)
            writer.member("timeoutMilliseconds", entry.1.timeoutMilliseconds)
            writer.member("origin", entry.1.origin.text)
        }
        writer.member("annotations", map: plan.annotations)
        writer.objects("warnings", plan.warnings) { writer, warning in
            writer.member("pointer", warning.pointer.text)
            writer.member("problem", warning.problem)
            if let hint = warning.hint { writer.member("hint", hint) }
        }
    }
    return Bytes(writer.bytes) + "\n"
}

/// The difference of two plans as JSON.
package func changesJSON(_ changes: [PlanChange]) -> Bytes {
    var writer = JSONWriter(.blanks(2))
    writer.array { writer in
        for change in changes {
            writer.object { writer in
                writer.member("change", change.isAdded ? "added" : "removed")
                writer.member("section", change.section)
                writer.member("text", change.text)
            }
        }
    }
    return Bytes(writer.bytes) + "\n"
}

extension JSONWriter {
    fileprivate mutating func objects<Element>(
        _ name: StaticString, _ elements: [Element], _ members: (inout JSONWriter, Element) -> Void
    ) {
        key(Bytes(stringLiteral: name))
        array { writer in
            for element in elements { writer.object { members(&$0, element) } }
        }
    }

    fileprivate mutating func steps(_ plan: ContainerPlan) {
        let outside = plan.outside.map { (side: "outside" as Bytes, words(for: $0.action, plan), $0.origin) }
        let inside = plan.inside.map { (side: "inside" as Bytes, words(for: $0.action, plan), $0.origin) }
        for (name, steps) in [("outside" as StaticString, outside), ("inside", inside)] {
            objects(name, Array(steps.enumerated())) { writer, step in
                writer.member("number", Int64(step.offset + 1))
                writer.member("call", step.element.1.verb)
                writer.member("object", step.element.1.object)
                if step.element.2 != .root { writer.member("origin", step.element.2.text) }
            }
        }
    }

    fileprivate mutating func idMaps(_ plan: ContainerPlan) {
        for (name, isGroup, id) in [
            ("uidMap" as StaticString, false, plan.process.uid), ("gidMap", true, plan.process.gid),
        ] {
            let maps = plan.outside.flatMap { step -> [IDMapping] in
                if case .writeIDMap(isGroup, let maps) = step.action { maps } else { [] }
            }
            guard !maps.isEmpty else { continue }
            key(Bytes(stringLiteral: name))
            object { writer in
                writer.objects("ranges", maps) { writer, map in
                    writer.member("containerID", Int64(map.containerID))
                    writer.member("hostID", Int64(map.hostID))
                    writer.member("size", Int64(map.size))
                }
                if let host = hostID(of: id, maps) { writer.member("process", Int64(host)) }
            }
        }
    }

    fileprivate mutating func cgroup(_ plan: ContainerPlan) {
        guard !plan.cgroup.path.isEmpty else { return }
        key("cgroup")
        object { writer in
            writer.member("path", plan.cgroup.directory)
            writer.member("made", !plan.cgroup.isCallers)
            for case .startUnit(let unit) in plan.outside.map(\.action) {
                writer.member("unit", unit.name)
                writer.member("slice", unit.slice)
                writer.member("ofUser", unit.isOfUser)
            }
            let properties = plan.outside.compactMap { step -> UnitProperty? in
                if case .unitProperty(let property) = step.action { property } else { nil }
            }
            writer.objects("properties", properties) { writer, property in
                writer.member("name", property.name)
                writer.member("value", property.value.text)
                writer.member("origin", property.origin.text)
            }
            writer.objects("files", plan.outside.compactMap(\.action.cgroupFile)) { writer, file in
                writer.member("name", file.name)
                writer.member("value", file.value)
                writer.member("origin", file.origin.text)
            }
            writer.member("deviceFilter", Int64(plan.cgroup.deviceFilter.count))
        }
    }

    fileprivate mutating func process(_ process: ProcessPlan) {
        object { writer in
            writer.member("args", process.arguments)
            writer.member("cwd", process.cwd)
            writer.member("env", process.environment)
            writer.member("uid", Int64(process.uid))
            writer.member("gid", Int64(process.gid))
            writer.member("groups", process.groups)
            writer.member("umask", octal(process.umask))
            writer.member("terminal", process.terminal)
            writer.member("preservedDescriptors", Int64(process.preservedDescriptors))
            writer.member("noNewPrivileges", process.noNewPrivileges)
            writer.key("capabilities")
            writer.object { writer in
                writer.member("bounding", process.capabilities.bounding.names)
                writer.member("permitted", process.capabilities.permitted.names)
                writer.member("effective", process.capabilities.effective.names)
                writer.member("inheritable", process.capabilities.inheritable.names)
                writer.member("ambient", process.capabilities.ambient.names)
            }
        }
    }

    fileprivate mutating func seccomp(_ process: ProcessPlan, _ profile: Config.Linux.Seccomp?) {
        object { writer in
            writer.member("instructions", Int64(process.filter.count))
            guard !process.filter.isEmpty else { return }
            let flags = SeccompNames.flags.filter {
                SeccompFlags(rawValue: process.filterFlags).contains($0.flag)
            }
            writer.member("flags", flags.map(\.name))
            if let listener = process.listener { writer.member("listener", listener.path) }
            if let profile { writer.member("summary", summary(of: profile)) }
        }
    }
}
