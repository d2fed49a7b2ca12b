// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes

/// A kind of limit of setrlimit(2).
package struct ResourceLimit: Hashable, Sendable {
    /// The number that prlimit64(2) takes.
    package let rawValue: Int32
    private init(known: Int32) { self.rawValue = known }

    /// The kind of the name in getrlimit(2): `RLIMIT_NOFILE`, exactly so.
    package init?(name: Bytes) {
        guard let row = ResourceLimit.rows.first(where: { name.matches($0.name) }) else { return nil }
        self.rawValue = row.number
    }

    /// `RLIMIT_NOFILE`.
    package var name: Bytes {
        ResourceLimit.rows.first { $0.number == rawValue }.map { Bytes(stringLiteral: $0.name) } ?? "RLIMIT_\(rawValue)"
    }

    /// Every name, in the order of the numbers.
    package static var names: [Bytes] { rows.map { Bytes(stringLiteral: $0.name) } }
    /// Every kind, in the order of the numbers.
    package static var all: [ResourceLimit] { rows.map { ResourceLimit(known: $0.number) } }
    /// Open files.
    package static let nofile = ResourceLimit(known: RLIMIT_NOFILE)
    /// No limit: RLIM_INFINITY of asm-generic/resource.h.
    package static let infinity = UInt64.max

    private static let rows: [(name: StaticString, number: Int32)] = [
        ("RLIMIT_CPU", RLIMIT_CPU), ("RLIMIT_FSIZE", RLIMIT_FSIZE), ("RLIMIT_DATA", RLIMIT_DATA),
        ("RLIMIT_STACK", RLIMIT_STACK), ("RLIMIT_CORE", RLIMIT_CORE), ("RLIMIT_RSS", RLIMIT_RSS),
        ("RLIMIT_NPROC", RLIMIT_NPROC), ("RLIMIT_NOFILE", RLIMIT_NOFILE), ("RLIMIT_MEMLOCK", RLIMIT_MEMLOCK),
        ("RLIMIT_AS", RLIMIT_AS), ("RLIMIT_LOCKS", RLIMIT_LOCKS), ("RLIMIT_SIGPENDING", RLIMIT_SIGPENDING),
        ("RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE), ("RLIMIT_NICE", RLIMIT_NICE), ("RLIMIT_RTPRIO", RLIMIT_RTPRIO),
        ("RLIMIT_RTTIME", RLIMIT_RTTIME),
    ]
}
