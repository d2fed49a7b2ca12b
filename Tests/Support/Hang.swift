// SPDX-License-Identifier: Apache-2.0
import CSupport

/// A mounted filesystem that answers nothing: a process that looks into it does not die of SIGKILL.
public struct Hang: Sendable {
    private let directory: String

    /// Mounted on a directory.
    public init(at directory: String) throws {
        self.directory = directory
        try Files.check(support_hang(directory), "mounting fuse", directory)
    }

    /// Whether somebody waits for an answer, past the point where SIGKILL would help.
    public var isAsked: Bool { support_hung() > 0 }

    /// Whoever waits gets an error.
    public func release() { _ = support_release(directory) }
}
