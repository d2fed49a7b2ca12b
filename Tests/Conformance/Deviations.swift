// SPDX-License-Identifier: Apache-2.0
import Support

/// Where Debian's crun and runc are known to differ from the spec or from each other, per clause. A test of such a clause
/// must fail on that runtime, so the table cannot go stale; hull has no row here.
let knownDeviations: [String: [Runtime.Kind: String]] = [:]

func knownDeviation(_ clause: String) -> String? {
    Runtime.kind.flatMap { knownDeviations[clause]?[$0] }
}

/// What a runtime leaves after each create that it refuses late, in words of the host snapshot. LC-20 proves it.
let knownLeftovers: [Runtime.Kind: String] = [
    .crun: "cgroup left"
]

func isKnownLeftover(_ line: String) -> Bool {
    Runtime.kind.flatMap { knownLeftovers[$0] }.map(line.hasPrefix) ?? false
}
