// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI

extension Resolution {
    /// Annotations by which other runtimes hand a container to a virtual machine or to a WebAssembly engine. hull goes
    /// on without, as runc does: the program may well run on the kernel itself, and whoever checks the config is told.
    mutating func warnOfHandlers() {
        for entry in config.annotations ?? [] where isOfHandler(entry.key) {
            findings.warn(
                ("/annotations" as JSONPointer).appending(entry.key),
                "ignored: hull runs every container on the kernel, never in another handler")
        }
    }
}

private func isOfHandler(_ key: Bytes) -> Bool {
    key == "run.oci.handler" || key == "module.wasm.image/variant" || key == "run.oci.wasm.handler"
        || key.hasPrefix("krun.")
}
