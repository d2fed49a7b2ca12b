// SPDX-License-Identifier: Apache-2.0

internal import CArchive
package import HullBytes

/// An entry of a tar archive, as said: nothing in it is to be trusted.
package struct TarEntry: Sendable {
    /// What the entry is.
    package enum Kind: Equatable, Sendable {
        case file
        case directory
        case symbolicLink(to: Bytes)
        case hardLink(to: Bytes)
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
        case socket
        /// Something that no file is; the type bits of the mode.
        case other(UInt32)
    }

    package var path: Bytes
    package var kind: Kind
    /// Twelve bits.
    package var permissions: UInt32
    package var uid: Int64
    package var gid: Int64
    package var size: Int64
    package var modified: (seconds: Int64, nanoseconds: UInt32)
    package var attributes: [Attribute]
    /// Where its data begin in the archive.
    package var position: UInt64

    /// An entry of parts as they are.
    package init(
        path: Bytes, kind: Kind, permissions: UInt32, uid: Int64, gid: Int64, size: Int64,
        modified: (seconds: Int64, nanoseconds: UInt32), attributes: [Attribute], position: UInt64
    ) {
        self.path = path
        self.kind = kind
        self.permissions = permissions
        self.uid = uid
        self.gid = gid
        self.size = size
        self.modified = modified
        self.attributes = attributes
        self.position = position
    }

    /// An extended attribute.
    package struct Attribute: Equatable, Sendable {
        package var name: Bytes
        package var value: [UInt8]
        package init(name: Bytes, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }
}

/// Reads a tar archive entry by entry.
@safe package final class TarReader {
    private let reader: UnsafeMutableRawPointer
    private let input: TarInput
    private var block = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    /// The archive that comes out of a blob.
    package convenience init(_ stream: LayerStream) { self.init(.stream(stream), maySkip: false) }
    /// A file that is an archive; what is not looked at is not read.
    package convenience init(_ file: FileRange) { self.init(.file(file), maySkip: true) }

    private init(_ source: TarInput.Source, maySkip: Bool) {
        input = TarInput(source)
        let context = unsafe Unmanaged.passUnretained(input).toOpaque()
        let made = unsafe carchive_reader_new(
            { context, bytes in
                guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
                let input = unsafe Unmanaged<TarInput>.fromOpaque(context).takeUnretainedValue()
                guard let block = unsafe input.next() else { return -1 }
                unsafe bytes.pointee = block.baseAddress
                return Int64(block.count)
            },
            maySkip
                ? { context, count in
                    guard let context = unsafe context else { return 0 }
                    return unsafe Unmanaged<TarInput>.fromOpaque(context).takeUnretainedValue().skip(count)
                } : nil, context)
        guard let made = unsafe made else { preconditionFailure("out of memory") }
        unsafe reader = made
    }
    deinit { unsafe carchive_reader_free(reader) }

    private func failure() -> StreamError {
        input.failure ?? .archive(unsafe Bytes(String(cString: carchive_reader_problem(reader))))
    }

    /// The next entry; nil at the end. What was not read of the former one is skipped.
    package func next() throws(StreamError) -> TarEntry? {
        unsafe block = UnsafeRawBufferPointer(start: nil, count: 0)
        var found = unsafe carchive_entry()
        let result = unsafe carchive_reader_next(reader, &found)
        if result < 0 { throw failure() }
        if result == 0 { return nil }
        return unsafe TarEntry(
            path: bytes(found.path) ?? "", kind: kind(found), permissions: found.mode & 0o7777, uid: found.uid,
            gid: found.gid, size: found.size, modified: (found.modified, found.modified_nanoseconds),
            attributes: attributes(), position: found.position)
    }

    private func kind(_ found: carchive_entry) -> TarEntry.Kind {
        if let target = unsafe bytes(found.hard_link) { return .hardLink(to: target) }
        switch unsafe found.mode & 0o170000 {
        case 0o100000: return .file
        case 0o040000: return .directory
        case 0o120000: return unsafe .symbolicLink(to: bytes(found.symbolic_link) ?? "")
        case 0o020000: return unsafe .characterDevice(major: found.device_major, minor: found.device_minor)
        case 0o060000: return unsafe .blockDevice(major: found.device_major, minor: found.device_minor)
        case 0o010000: return .fifo
        case 0o140000: return .socket
        default: return unsafe .other(found.mode & 0o170000)
        }
    }

    private func attributes() -> [TarEntry.Attribute] {
        var all: [TarEntry.Attribute] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while unsafe carchive_reader_attribute(reader, &name, &value, &size) == 1 {
            let content = unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: size))
            unsafe all.append(TarEntry.Attribute(name: bytes(name) ?? "", value: content))
        }
        return all
    }

    /// Where the next block of the entry's data belongs; nil after the last. Between two there may be a hole.
    package func nextBlock() throws(StreamError) -> Int64? {
        var start: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        let result = unsafe carchive_reader_data(reader, &start, &count, &offset)
        if result < 0 { throw failure() }
        unsafe block = UnsafeRawBufferPointer(start: result == 0 ? nil : start, count: result == 0 ? 0 : count)
        return result == 0 ? nil : offset
    }

    /// How long that block is.
    package var blockSize: Int { unsafe block.count }

    /// Lends that block.
    package func withBlock<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) { try unsafe body(block.bytes) }

    /// After the last entry: what was found of the stream. Only zeros may follow the end of the archive: what one
    /// reader ignores, another might take for entries.
    package func finish() throws(StreamError) -> LayerStream.Outcome {
        guard case .stream(let stream) = input.source else { throw .short }
        let position = unsafe carchive_reader_position(reader)
        try input.checkRest(from: position)
        while true {
            let more = unsafe try stream.next()
            if unsafe more.isEmpty { return try stream.outcome() }
            guard unsafe more.allSatisfy({ $0 == 0 }) else { throw .archiveTrailing }
        }
    }
}

private func bytes(_ text: UnsafePointer<CChar>?) -> Bytes? {
    guard let text = unsafe text else { return nil }
    var count = 0
    while unsafe text[count] != 0 { count += 1 }
    return unsafe Bytes([UInt8](UnsafeRawBufferPointer(start: text, count: count)))
}

/// What libarchive reads from.
@safe private final class TarInput {
    enum Source {
        case stream(LayerStream)
        case file(FileRange)
    }
    let source: Source
    /// Why there is no more; libarchive itself knows only that.
    private(set) var failure: StreamError?
    private var given: UInt64 = 0
    private var last = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private let buffer: UnsafeMutableRawBufferPointer

    init(_ source: Source) {
        self.source = source
        if case .file = source {
            unsafe buffer = .allocate(byteCount: 64 << 10, alignment: 16)
        } else {
            unsafe buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
    }
    deinit { unsafe buffer.deallocate() }

    func next() -> UnsafeRawBufferPointer? {
        do throws(StreamError) {
            switch source {
            case .stream(let stream): unsafe last = try stream.next()
            case .file(let file):
                let count = unsafe try file.read(into: buffer, at: given)
                unsafe last = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            }
            given += UInt64(unsafe last.count)
            return unsafe last
        } catch {
            failure = error
            return nil
        }
    }

    func skip(_ count: Int64) -> Int64 {
        guard case .file(let file) = source, count > 0 else { return 0 }
        let skipped = min(UInt64(count), file.size - given)
        given += skipped
        return Int64(skipped)
    }

    /// Whether what was given beyond the position is zeros.
    func checkRest(from position: UInt64) throws(StreamError) {
        guard position < given else { return }
        let rest = unsafe last.suffix(Int(min(given - position, UInt64(last.count))))
        guard unsafe rest.allSatisfy({ $0 == 0 }) else { throw .archiveTrailing }
    }
}
