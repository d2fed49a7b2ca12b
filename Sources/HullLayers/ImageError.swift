// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel

/// Why an image cannot be read, unpacked or written: one sentence for a person, made in one place from its parts.
package struct ImageError: Error, Equatable, Sendable {
    /// What was being done: `unpack layer sha256:…`.
    package var operation: Bytes
    /// What it was done to: a path in the layer, a blob, a file of the host.
    package var object: Bytes
    /// What is wrong with it.
    package var cause: Bytes
    /// What can be done about it, where that is not plain.
    package var hint: Bytes?

    /// Takes the parts as they are.
    package init(_ operation: Bytes, _ object: Bytes, _ cause: Bytes, hint: Bytes? = nil) {
        self.operation = operation
        self.object = object
        self.cause = cause
        self.hint = hint
    }

    /// A call that the kernel refused; where the object is a path, with the place on it where permission is denied.
    init(_ operation: Bytes, _ object: Bytes, _ error: SystemError) {
        self.init(operation, object, error.explained(at: object.fromHere).line)
    }
}

/// Runs a body whose errors are the kernel's.
func system<Result: ~Copyable>(
    _ operation: Bytes, _ object: Bytes, _ body: () throws(SystemError) -> Result
) throws(ImageError) -> Result {
    do throws(SystemError) { return try body() } catch { throw ImageError(operation, object, error) }
}

extension Bytes {
    /// A path from the working directory on.
    var fromHere: Bytes { isAbsolutePath ? self : below((try? HostFiles.workingDirectory()) ?? "") }
}
