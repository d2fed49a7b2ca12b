// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// The cgroup, below the container's, that `exec --cgroup` names: an empty path is the container's own. Never one
/// outside of it, whatever the path.
package func resolveExecCgroup(_ said: [Bytes], _ findings: inout Findings) -> Bytes {
    guard let path = said.first else { return "" }
    if said.count > 1 {
        findings.error("", "--cgroup is given twice: cgroup v2 is one tree", hint: "v1 has one for each controller")
    }
    if let colon = path.firstIndex(of: 0x3a) {
        findings.error(
            "", "--cgroup \"\(path)\" names a controller: cgroup v2 is one tree",
            hint: "say \"\(path.dropFirst(colon + 1))\" alone")
    }
    let parts = path.split(0x2f)
    if parts.contains("..") { findings.error("", "--cgroup \"\(path)\" leads out of the container's cgroup") }
    return parts.filter { $0 != "." }.joined("/")
}
