// SPDX-License-Identifier: Apache-2.0

internal import CArchive

/// A part of an open file: a blob of a layout in a directory, or one inside an archive.
package final class FileRange: Sendable {
    private let descriptor: Int32
    private let offset: UInt64
    /// How many bytes.
    package let size: UInt64

    /// Takes a descriptor over that nobody else owns.
    package init(owning descriptor: Int32, offset: UInt64, size: UInt64) {
        self.descriptor = descriptor
        self.offset = offset
        self.size = size
    }
    deinit { carchive_close(descriptor) }

    /// Fills the buffer from a place in the range on; fewer bytes only at its end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at place: UInt64) throws(StreamError) -> Int {
        guard place < size else { return 0 }
        let room = Int(min(UInt64(buffer.count), size - place))
        let count = unsafe carchive_read_at(descriptor, buffer.baseAddress, room, offset + place)
        if count < 0 { throw .unreadable(errno: Int32(-count)) }
        if count < room { throw .short }
        return room
    }

    /// All bytes; only for what is known to be small.
    package func readAll() throws(StreamError) -> [UInt8] {
        var failure: StreamError?
        let all = unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            do throws(StreamError) {
                count = unsafe try read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return all
    }

    /// Whether the first bytes are these.
    package func starts(with bytes: [UInt8]) throws(StreamError) -> Bool {
        guard size >= UInt64(bytes.count) else { return false }
        return try part(at: 0, bytes.count) == bytes
    }

    /// Some bytes; fewer at the end.
    package func part(at place: UInt64, _ count: Int) throws(StreamError) -> [UInt8] {
        var failure: StreamError?
        let some = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(StreamError) {
                filled = unsafe try read(into: UnsafeMutableRawBufferPointer(buffer), at: place)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return some
    }
}
