// SPDX-License-Identifier: Apache-2.0

internal import CArchive
package import HullBytes

/// A checksum that is being made of bytes as they come.
@safe package struct Checksum: ~Copyable {
    /// The functions that the image specification registers.
    package enum Function: Sendable {
        case sha256
        case sha512
    }

    private let digest: UnsafeMutableRawPointer

    /// A checksum of nothing so far.
    package init(_ function: Function) {
        let made =
            switch function {
            case .sha256: unsafe carchive_digest_new("SHA256")
            case .sha512: unsafe carchive_digest_new("SHA512")
            }
        guard let made = unsafe made else { preconditionFailure("libcrypto has no SHA-2") }
        unsafe digest = made
    }
    deinit { unsafe carchive_digest_free(digest) }

    /// Takes the next bytes.
    package mutating func add(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe add($0) } }

    /// Takes the next bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let done = unsafe carchive_digest_update(digest, bytes.baseAddress, bytes.count)
        precondition(done == 1, "libcrypto gave up")
    }

    /// The checksum of all bytes, in lowercase hexadecimal digits; nothing can be added after it.
    package mutating func finish() -> Bytes {
        let sum = unsafe [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            unsafe count = carchive_digest_finish(digest, start)
        }
        precondition(!sum.isEmpty, "libcrypto gave up")
        let digits = [UInt8]("0123456789abcdef".utf8)
        return Bytes(sum.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
