// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Why the bytes of a layer cannot be had, in words for a person.
package enum StreamError: Error, Equatable, Sendable {
    /// The file cannot be read; an error number of the kernel.
    case unreadable(errno: Int32)
    /// The file is shorter than it was said to be.
    case short
    /// The compressed stream ends in its middle.
    case truncated(Compression)
    /// The compressed stream is damaged, or is none.
    case corrupt(Compression)
    /// Bytes follow the compressed stream that belong to none.
    case trailing(Compression)
    /// Decompression would take more memory than it may.
    case window
    /// More comes out than the limit.
    case tooLarge(limit: UInt64)
    /// More comes out of what went in than the limit.
    case tooDense(ratio: UInt64)
    /// The archive is damaged, or is none; the words are libarchive's.
    case archive(Bytes)
    /// Bytes that are not zero follow the end of the archive.
    case archiveTrailing

    /// What is wrong.
    package var problem: Bytes {
        switch self {
        case .unreadable(let errno): "the file cannot be read (errno \(errno))"
        case .short: "the file is shorter than it says"
        case .truncated(let kind): "the \(kind.name) stream ends in its middle"
        case .corrupt(let kind): "this is not a \(kind.name) stream, or a damaged one"
        case .trailing(let kind): "something that is no \(kind.name) stream follows the end of the stream"
        case .window: "the zstd stream needs more than 128 MiB to be decompressed"
        case .tooLarge(let limit): "more than \(limit) bytes come out, which is the limit"
        case .tooDense(let ratio): "more than \(ratio) times the size of the blob comes out, which is the limit"
        case .archive(let words): "the tar archive is damaged: \(words)"
        case .archiveTrailing: "something follows the end of the tar archive"
        }
    }
}

/// How an archive is packed.
package enum Compression: Equatable, Sendable {
    case none
    case gzip
    case zstd

    /// The name that people use.
    package var name: Bytes {
        switch self {
        case .none: "plain"
        case .gzip: "gzip"
        case .zstd: "zstd"
        }
    }
}
