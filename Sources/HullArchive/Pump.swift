// SPDX-License-Identifier: Apache-2.0

internal import CArchive
internal import HullBytes
internal import Synchronization

/// Reads a blob, makes the checksums, decompresses, and watches the limits.
@safe struct Pump: ~Copyable {
    private let file: FileRange
    private let compression: Compression
    private let limits: StreamLimits
    private let inflater: UnsafeMutableRawPointer?
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    private var blobSum: Checksum
    private var contentSum: Checksum
    private var consumed: UInt64 = 0
    private var made: UInt64 = 0

    init(
        _ file: FileRange, _ compression: Compression, blob: Checksum.Function, content: Checksum.Function,
        limits: StreamLimits
    ) {
        self.file = file
        self.compression = compression
        self.limits = limits
        unsafe inflater =
            switch compression {
            case .none: nil
            case .gzip: unsafe carchive_inflater_new(CARCHIVE_GZIP)
            case .zstd: unsafe carchive_inflater_new(CARCHIVE_ZSTD)
            }
        blobSum = Checksum(blob)
        contentSum = Checksum(content)
    }
    deinit {
        if let inflater = unsafe inflater { unsafe carchive_inflater_free(inflater) }
        unsafe input.deallocate()
    }

    /// What was found; after `run`.
    mutating func finish() -> LayerStream.Outcome {
        LayerStream.Outcome(blob: blobSum.finish(), content: contentSum.finish(), size: made)
    }

    /// Passes all on; ends early without an error where nobody wants it.
    mutating func run(into ring: BlockRing) throws(StreamError) {
        switch compression {
        case .none: try copy(into: ring)
        case .gzip, .zstd: try inflate(into: ring)
        }
    }

    private mutating func copy(into ring: BlockRing) throws(StreamError) {
        while consumed < file.size {
            guard let block = unsafe ring.empty() else { return }
            let count = unsafe try file.read(into: block, at: consumed)
            unsafe blobSum.add(UnsafeRawBufferPointer(rebasing: block[..<count]))
            consumed += UInt64(count)
            try unsafe pass(block, count, to: ring)
        }
    }

    private mutating func inflate(into ring: BlockRing) throws(StreamError) {
        guard var block = unsafe ring.empty() else { return }
        var filled = 0
        var isComplete = false
        while consumed < file.size {
            let count = unsafe try file.read(into: input, at: consumed)
            unsafe blobSum.add(UnsafeRawBufferPointer(rebasing: input[..<count]))
            consumed += UInt64(count)
            var used = 0
            // Also with all input taken: what is left inside may have had no room before.
            var wasFull = false
            while used < count || wasFull {
                if isComplete, !wasFull { try checkMember(at: consumed - UInt64(count - used)) }
                let step = unsafe try step(input: (used, count), block, filled)
                used += step.used
                filled += step.made
                isComplete = step.isComplete
                wasFull = filled == block.count && !isComplete
                guard filled == block.count else {
                    // Neither input taken nor output made: the rest of the input says no more.
                    if step.used == 0, step.made == 0 { break }
                    continue
                }
                try unsafe pass(block, filled, to: ring)
                guard let next = unsafe ring.empty() else { return }
                unsafe block = next
                filled = 0
            }
        }
        guard isComplete else { throw .truncated(compression) }
        if filled > 0 { try unsafe pass(block, filled, to: ring) }
    }

    private func step(
        input range: (used: Int, count: Int), _ block: UnsafeMutableRawBufferPointer, _ filled: Int
    ) throws(StreamError) -> (used: Int, made: Int, isComplete: Bool) {
        var used = 0
        var made = 0
        let from = unsafe input.assumingMemoryBound(to: UInt8.self).baseAddress.map { unsafe $0 + range.used }
        let to = unsafe block.assumingMemoryBound(to: UInt8.self).baseAddress.map { unsafe $0 + filled }
        let progress = unsafe carchive_inflater_step(
            inflater, from, range.count - range.used, &used, to, block.count - filled, &made)
        switch progress {
        case CARCHIVE_MORE: return (used, made, false)
        case CARCHIVE_COMPLETE: return (used, made, true)
        case CARCHIVE_TOO_WIDE: throw .window
        default: throw .corrupt(compression)
        }
    }

    /// After the end of one stream only another may follow. What would be "a damaged stream" to the library is named
    /// for what it is.
    private func checkMember(at place: UInt64) throws(StreamError) {
        let magic = try file.part(at: place, 4)
        let isStream: Bool
        switch compression {
        case .gzip: isStream = magic.starts(with: [0x1f, 0x8b])
        case .zstd:
            let isFrame = magic == [0x28, 0xb5, 0x2f, 0xfd]
            let isSkippable = magic.count == 4 && magic[0] & 0xf0 == 0x50 && magic[1...] == [0x2a, 0x4d, 0x18]
            isStream = isFrame || isSkippable
        case .none: isStream = true
        }
        guard isStream else { throw .trailing(compression) }
    }

    private mutating func pass(
        _ block: UnsafeMutableRawBufferPointer, _ count: Int, to ring: BlockRing
    ) throws(StreamError) {
        made += UInt64(count)
        if made > limits.content { throw .tooLarge(limit: limits.content) }
        if made > StreamLimits.ratioCountsFrom, made / limits.ratio > consumed {
            throw .tooDense(ratio: limits.ratio)
        }
        unsafe contentSum.add(UnsafeRawBufferPointer(rebasing: block[..<count]))
        ring.consumed.store(consumed, ordering: .relaxed)
        ring.pass(count)
    }
}
