// SPDX-License-Identifier: Apache-2.0

internal import CArchive
internal import Dispatch
package import HullBytes
internal import Synchronization

/// How much may come out of a blob: a few kilobytes can be written that fill any disk.
package struct StreamLimits: Sendable {
    /// Bytes that come out, at most.
    package var content: UInt64
    /// Bytes that come out for one that goes in, at most; a good part of a layer may be zeros, so this does not count
    /// for the first 64 MiB.
    package var ratio: UInt64

    /// Limits.
    package init(content: UInt64, ratio: UInt64) {
        self.content = content
        self.ratio = ratio
    }
    static let ratioCountsFrom: UInt64 = 64 << 20
}

/// The archive in a blob, decompressed by a thread of its own: checksums and decompression take one processor, writing
/// the files another. Blocks pass through a ring, so neither side waits for the other at every block.
package final class LayerStream {
    /// What was found when all was read.
    package struct Outcome: Equatable, Sendable {
        /// The checksum of the blob.
        package let blob: Bytes
        /// The checksum of what came out: the DiffID.
        package let content: Bytes
        /// How many bytes came out.
        package let size: UInt64
    }

    private let ring: BlockRing
    private var holdsBlock = false
    private var ended = false
    private static let tarBlock = 512

    /// Starts to read.
    package init(
        _ file: FileRange, _ compression: Compression, blob: Checksum.Function, content: Checksum.Function,
        limits: StreamLimits
    ) {
        let ring = BlockRing()
        self.ring = ring
        DispatchQueue(label: "layer", qos: .userInitiated).async {
            var pump = Pump(file, compression, blob: blob, content: content, limits: limits)
            do throws(StreamError) {
                try pump.run(into: ring)
                ring.end(.success(pump.finish()))
            } catch { ring.end(.failure(error)) }
        }
    }
    // The other thread has an end also when nobody wants its blocks any more.
    deinit { ring.cancel() }

    /// How many bytes of the blob have been read so far.
    package var consumed: UInt64 { ring.consumed.load(ordering: .relaxed) }

    /// The next bytes, valid until the next call; none at the end.
    func next() throws(StreamError) -> UnsafeRawBufferPointer {
        if ended { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        if holdsBlock { ring.giveBack() }
        holdsBlock = false
        guard let block = unsafe ring.take() else {
            ended = true
            // Some writers leave out what fills the last block of the last file; other readers do not mind.
            let beyond = Int(try ring.result().size % UInt64(Self.tarBlock))
            return unsafe ring.zeros(beyond == 0 ? 0 : Self.tarBlock - beyond)
        }
        holdsBlock = true
        return unsafe block
    }

    /// What was found, after the last block.
    func outcome() throws(StreamError) -> Outcome { try ring.result() }
}

/// Blocks that one thread fills and another empties.
@safe final class BlockRing: @unchecked Sendable {
    static let blockSize = 256 << 10
    private static let count = 16

    private let memory = UnsafeMutableRawPointer.allocate(byteCount: blockSize * count, alignment: 4096)
    private var filled = [Int](repeating: 0, count: count)
    private let free = DispatchSemaphore(value: count)
    private let ready = DispatchSemaphore(value: 0)
    private let isCancelled = Atomic<Bool>(false)
    let consumed = Atomic<UInt64>(0)
    // Each is touched by one side only; `outcome` is written before the last signal of `ready`.
    private var writing = 0
    private var reading = 0
    private var outcome: Result<LayerStream.Outcome, StreamError>?

    deinit { unsafe memory.deallocate() }

    /// The writer's: an empty block; nil when nobody wants it any more.
    func empty() -> UnsafeMutableRawBufferPointer? {
        free.wait()
        if isCancelled.load(ordering: .acquiring) { return nil }
        return unsafe UnsafeMutableRawBufferPointer(
            start: memory + writing * Self.blockSize, count: Self.blockSize)
    }
    /// The writer's: passes that block on.
    func pass(_ count: Int) {
        filled[writing] = count
        writing = (writing + 1) % Self.count
        ready.signal()
    }
    /// The writer's last act.
    func end(_ result: Result<LayerStream.Outcome, StreamError>) {
        outcome = result
        ready.signal()
    }

    /// The reader's: the next block; nil at the end.
    func take() -> UnsafeRawBufferPointer? {
        ready.wait()
        // The end is signalled like a block; all blocks before it were taken.
        if filled[reading] == 0 { return nil }
        let count = filled[reading]
        filled[reading] = 0
        return unsafe UnsafeRawBufferPointer(start: memory + reading * Self.blockSize, count: count)
    }
    /// The reader's: the block that was taken is empty again.
    func giveBack() {
        reading = (reading + 1) % Self.count
        free.signal()
    }
    /// The reader's, after the end, when all blocks are free: so many zeros, a block at most.
    func zeros(_ count: Int) -> UnsafeRawBufferPointer {
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        return unsafe UnsafeRawBufferPointer(start: memory, count: count)
    }
    /// The reader's: no block is wanted any more.
    func cancel() {
        isCancelled.store(true, ordering: .releasing)
        free.signal()
    }
    func result() throws(StreamError) -> LayerStream.Outcome {
        guard let outcome else { throw .short }
        return try outcome.get()
    }
}
