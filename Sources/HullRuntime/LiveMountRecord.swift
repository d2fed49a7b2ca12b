// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
package import HullOCI
package import HullPlan

extension ContainerDirectory {
    private var mountsPath: Bytes { path + "/mounts.json" }

    /// What `mounts add` has attached and `mounts remove` has not taken away, in its order.
    func readMounts() throws(Failure) -> [LiveMount] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try HostFiles.read(mountsPath) } catch {
            if error.errno == .enoent { return [] }
            throw Failure(error)
        }
        do throws(ConfigErrors) { return try JSONReader.read(bytes) } catch { throw Failure(error) }
    }

    func writeMounts(_ mounts: [LiveMount]) throws(Failure) {
        try attempt { () throws(SystemError) in
            try HostFiles.replace(mountsPath, with: Bytes(JSONWriter.text(of: mounts)), mode: 0o600)
        }
    }
}

extension LiveMount: JSONWritable, JSONObjectReadable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("destination", destination)
            writer.member("place", place)
            writer.member("mount", mount)
            writer.member("device", device)
        }
    }

    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        self.init(
            destination: reader.required("destination", object), place: reader.required("place", object),
            mount: reader.required("mount", object), device: reader.required("device", object))
    }
}
