// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullKernel
internal import HullLinux
package import HullPlan

extension MountTree {
    /// A host path as a detached tree with its attributes, never writable where it should not be.
    package init(opening plan: TreePlan) throws(SystemError) {
        let tree = try MountTree(copying: plan.path, recursive: plan.recursive, noFollow: plan.noFollow)
        do throws(SystemError) {
            if plan.mustBeDirectory, try !tree.descriptor.status().isDirectory {
                throw SystemError("open_tree", plan.path, .enotdir)
            }
            if plan.mustBeProcfs, try !tree.descriptor.isRootOfProcfs() {
                throw SystemError("open_tree", plan.path, .einval, detail: "only a procfs can be mounted on /proc")
            }
            for propagation in plan.propagation {
                try tree.setAttributes(propagation: propagation.type, recursive: propagation.recursive)
            }
            for (change, recursive) in [(plan.recursiveAttributes, true), (plan.attributes, false)]
            where !change.isEmpty {
                try tree.set(change, recursive: recursive)
            }
        } catch {
            throw SystemError(error.call, plan.path, error.errno, detail: error.detail)
        }
        self = tree
    }

    /// In a user namespace the flags that mounts came with are locked: mount_namespaces(7). EPERM does not say which.
    private borrowing func set(_ change: MountAttributeChange, recursive: Bool) throws(SystemError) {
        do { try setAttributes(set: change.set, clear: change.clear, recursive: recursive) } catch {
            guard error.errno == .eperm else { throw error }
            let kept = change.clearedWords(of: (try? descriptor.mountAttributes()) ?? [])
            let flags: Bytes = kept.isEmpty ? "a flag below it" : kept.joined(", ")
            throw SystemError(error.call, error.object, .eperm, detail: "locked in this user namespace: \(flags)")
        }
    }
}
