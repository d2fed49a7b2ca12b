// SPDX-License-Identifier: Apache-2.0

internal import CArchive
package import HullBytes

/// Writes a layer: a tar archive, compressed by gzip, with the checksums of both. The same entries give the same bytes.
@safe package final class TarWriter {
    /// What was written.
    package struct Outcome: Equatable, Sendable {
        /// The checksum of the archive: the DiffID.
        package let content: Bytes
        /// The checksum of the compressed archive.
        package let blob: Bytes
        /// How many bytes the latter has.
        package let size: UInt64
    }

    private let output: TarOutput
    private let writer: UnsafeMutableRawPointer

    /// Starts an archive; `write` takes its compressed bytes, and says whether it could.
    package init(_ write: @escaping ([UInt8]) -> Bool) {
        output = TarOutput(write)
        let context = unsafe Unmanaged.passUnretained(output).toOpaque()
        let made = unsafe carchive_writer_new(
            { context, bytes, count in
                guard let context = unsafe context else { return -1 }
                let output = unsafe Unmanaged<TarOutput>.fromOpaque(context).takeUnretainedValue()
                let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
                return unsafe output.take(buffer, last: false) ? Int64(count) : -1
            }, context)
        guard let made = unsafe made else { preconditionFailure("out of memory") }
        unsafe writer = made
    }
    deinit { unsafe carchive_writer_free(writer) }

    private func failure() -> StreamError { .archive(unsafe Bytes(String(cString: carchive_writer_problem(writer)))) }

    /// Begins an entry.
    package func begin(_ entry: TarEntry) throws(StreamError) {
        for attribute in entry.attributes {
            unsafe attribute.name.withTerminator { name in
                unsafe attribute.value.withUnsafeBytes {
                    unsafe carchive_writer_attribute(writer, name, $0.baseAddress, attribute.value.count)
                }
            }
        }
        var found = unsafe carchive_entry()
        unsafe found.mode = entry.permissions | entry.kind.bits
        unsafe found.uid = entry.uid
        unsafe found.gid = entry.gid
        unsafe found.size = entry.kind == .file ? entry.size : 0
        unsafe found.modified = entry.modified.seconds
        unsafe found.modified_nanoseconds = entry.modified.nanoseconds
        var link: Bytes = ""
        switch entry.kind {
        case .symbolicLink(let target), .hardLink(let target): link = target
        case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
            unsafe (found.device_major, found.device_minor) = (major, minor)
        default: break
        }
        let done = unsafe entry.path.withTerminator { path in
            unsafe link.withTerminator { link in
                unsafe found.path = path
                if case .symbolicLink = entry.kind { unsafe found.symbolic_link = link }
                if case .hardLink = entry.kind { unsafe found.hard_link = link }
                return unsafe carchive_writer_begin(writer, &found)
            }
        }
        if done == 0 { throw failure() }
    }

    /// Adds to the content of the entry.
    package func add(_ bytes: [UInt8]) throws(StreamError) {
        let done = unsafe bytes.withUnsafeBytes { unsafe carchive_writer_data(writer, $0.baseAddress, $0.count) }
        if done == 0 { throw failure() }
    }

    /// Ends the archive.
    package func finish() throws(StreamError) -> Outcome {
        guard unsafe carchive_writer_finish(writer) == 1,
            unsafe output.take(UnsafeRawBufferPointer(start: nil, count: 0), last: true)
        else { throw failure() }
        return output.outcome()
    }
}

extension TarEntry.Kind {
    fileprivate var bits: UInt32 {
        switch self {
        case .file, .hardLink: 0o100000
        case .directory: 0o040000
        case .symbolicLink: 0o120000
        case .characterDevice: 0o020000
        case .blockDevice: 0o060000
        case .fifo: 0o010000
        case .socket: 0o140000
        case .other(let bits): bits
        }
    }
}

extension Bytes {
    fileprivate func withTerminator<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let terminated = (array + [0]).map { CChar(bitPattern: $0) }
        return unsafe terminated.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("it has the terminator at least") }
            return unsafe body(start)
        }
    }
}

/// Compresses what libarchive writes.
@safe private final class TarOutput {
    private let write: ([UInt8]) -> Bool
    private let deflater: UnsafeMutableRawPointer
    private var contentSum = Checksum(.sha256)
    private var blobSum = Checksum(.sha256)
    private var size: UInt64 = 0

    init(_ write: @escaping ([UInt8]) -> Bool) {
        self.write = write
        guard let made = unsafe carchive_deflater_new() else { preconditionFailure("out of memory") }
        unsafe deflater = made
    }
    deinit { unsafe carchive_deflater_free(deflater) }

    func take(_ bytes: UnsafeRawBufferPointer, last: Bool) -> Bool {
        unsafe contentSum.add(bytes)
        var taken = 0
        while true {
            var used = 0
            var made = 0
            var result: Int32 = 0
            let input = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress.map { unsafe $0 + taken }
            let block = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                unsafe result = carchive_deflater_step(
                    deflater, input, bytes.count - taken, &used, buffer.baseAddress, buffer.count, &made,
                    last ? 1 : 0)
                count = made
            }
            if result < 0 { return false }
            taken += used
            size += UInt64(made)
            blobSum.add(block)
            if made > 0, !write(block) { return false }
            if last ? result == 1 : taken == bytes.count && made < 64 << 10 { return true }
        }
    }

    func outcome() -> TarWriter.Outcome {
        TarWriter.Outcome(content: contentSum.finish(), blob: blobSum.finish(), size: size)
    }
}
