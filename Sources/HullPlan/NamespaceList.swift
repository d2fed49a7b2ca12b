// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// For each kind of namespace, where the container gets it from.
package struct NamespaceList: Equatable, Sendable {
    /// Where a namespace comes from.
    package enum Source: Equatable, Sendable {
        /// The runtime's own, because the config does not name the kind.
        case host
        /// Made for this container.
        case new(origin: JSONPointer)
        /// That of an absolute path; whether it is of the right kind shows only when it is opened.
        case join(path: Bytes, origin: JSONPointer)
    }

    /// By the kind's raw value.
    private var sources = [Source](repeating: .host, count: NamespaceKind.allCases.count)

    /// All of the host's.
    package init() {}

    /// Where the namespace of the kind comes from.
    package internal(set) subscript(kind: NamespaceKind) -> Source {
        get { sources[Int(kind.rawValue)] }
        set { sources[Int(kind.rawValue)] = newValue }
    }

    /// Whether the container does not share the runtime's namespace of the kind. One that is joined may still be the
    /// runtime's own by another path: that shows only in its inode.
    package func isOwn(_ kind: NamespaceKind) -> Bool { self[kind] != .host }

    /// Whether the namespace of the kind is made for this container.
    package func isNew(_ kind: NamespaceKind) -> Bool {
        if case .new = self[kind] { true } else { false }
    }

    /// The kinds to make, in the order of the specification.
    package var new: [NamespaceKind] { NamespaceKind.allCases.filter(isNew) }

    /// The flags of all kinds to make, for clone3(2).
    package var cloneFlags: UInt64 { new.reduce(0) { $0 | $1.cloneFlag } }

    /// The kinds to join, in the order of the specification.
    package var joined: [(kind: NamespaceKind, path: Bytes, origin: JSONPointer)] {
        NamespaceKind.allCases.compactMap { kind in
            if case .join(let path, let origin) = self[kind] { (kind, path, origin) } else { nil }
        }
    }
}

/// The namespaces that `linux.namespaces` asks for; `pointer` is `/linux/namespaces`.
package func resolveNamespaces(
    _ said: [Config.Linux.Namespace]?, at pointer: JSONPointer, _ findings: inout Findings
) -> NamespaceList {
    var list = NamespaceList()
    for (index, namespace) in (said ?? []).enumerated() {
        let origin = pointer.appending(index)
        guard let kind = NamespaceKind(name: namespace.type) else {
            findings.error(
                origin.appending("type"), "unknown namespace type \"\(namespace.type)\"",
                hint: namesHint(for: namespace.type, among: NamespaceKind.allCases.map(\.name)))
            continue
        }
        guard list[kind] == .host else {
            findings.error(origin, "duplicate namespace: a second one of type \"\(kind.name)\"")
            continue
        }
        guard let path = namespace.path else {
            list[kind] = .new(origin: origin)
            continue
        }
        if let problem = namespacePathProblem(path) {
            findings.error(origin.appending("path"), problem, hint: namespacePathHint(path))
        }
        list[kind] = .join(path: path, origin: origin)
    }
    return list
}

private func namespacePathProblem(_ path: Bytes) -> Bytes? {
    if path.isEmpty { return "the path of a namespace is empty" }
    if path.contains(0) { return "the path of a namespace contains a NUL byte" }
    return path.isAbsolutePath ? nil : "the path of a namespace must be absolute: \"\(path)\""
}

private func namespacePathHint(_ path: Bytes) -> Bytes? {
    path.isEmpty ? "leave \"path\" out to make a new namespace" : nil
}
