// SPDX-License-Identifier: Apache-2.0

import HullArchive
import HullBytes
import HullImage

/// A tar archive made byte by byte, so that it can also be wrong in every way.
struct Tar {
    var bytes: [UInt8] = []

    /// A header and the content. `size` says another size than the content's.
    mutating func add(
        _ name: Bytes, _ type: Character = "0", _ content: Bytes = "", link: Bytes = "", mode: UInt32 = 0o644,
        owner: (Int, Int) = (0, 0), time: Int = 1_000_000_000, size: UInt64? = nil, device: (Int, Int) = (0, 0),
        pax: [(Bytes, Bytes)] = []
    ) {
        if !pax.isEmpty { addRecords(pax) }
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: Bytes, _ place: Int, _ room: Int) {
            for (index, byte) in text.array.prefix(room).enumerated() { header[place + index] = byte }
        }
        func number(_ value: UInt64, _ place: Int, _ digits: Int) {
            let text = String(value, radix: 8)
            guard text.utf8.count <= digits else {
                // The base-256 form of GNU tar.
                for index in 0...digits { header[place + digits - index] = UInt8(value >> (8 * min(index, 7)) & 0xff) }
                for index in 0...digits where index > 7 { header[place + digits - index] = 0 }
                header[place] = 0x80
                return
            }
            put(Bytes(String(repeating: "0", count: digits - text.utf8.count) + text), place, digits)
        }
        put(name, 0, 100)
        number(UInt64(mode), 100, 7)
        number(UInt64(owner.0), 108, 7)
        number(UInt64(owner.1), 116, 7)
        number(size ?? UInt64(content.count), 124, 11)
        number(UInt64(time), 136, 11)
        put(Bytes(String(type)), 156, 1)
        put(link, 157, 100)
        put("ustar\u{0}00", 257, 8)
        number(UInt64(device.0), 329, 7)
        number(UInt64(device.1), 337, 7)
        for index in 148..<156 { header[index] = 0x20 }
        number(UInt64(header.reduce(0) { $0 + Int($1) }), 148, 6)
        header[154] = 0
        bytes += header
        bytes += content.array
        pad()
    }

    private mutating func addRecords(_ records: [(Bytes, Bytes)]) {
        var text: Bytes = ""
        for (key, value) in records {
            let rest: Bytes = " \(key)=\(value)\n"
            var length = rest.count
            while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
            text = text + "\(length)" + rest
        }
        add("pax", "x", text)
    }

    private mutating func pad() {
        bytes += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    /// The archive with its end.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// A gzip stream that is not compressed: stored blocks.
func gzip(_ content: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = content[...]
    repeat {
        let block = rest.prefix(65535)
        rest = rest.dropFirst(block.count)
        let (low, high) = (UInt8(block.count & 0xff), UInt8(block.count >> 8))
        out += [rest.isEmpty ? 1 : 0, low, high, ~low, ~high]
        out += block
    } while !rest.isEmpty
    var sum: UInt32 = 0xffff_ffff
    for byte in content {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
    }
    for value in [~sum, UInt32(truncatingIfNeeded: content.count)] {
        out += (0..<4).map { UInt8(value >> (8 * $0) & 0xff) }
    }
    return out
}

/// A zstd frame that is not compressed.
func zstd(_ content: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]
    var rest = content[...]
    repeat {
        let block = rest.prefix(65536)
        rest = rest.dropFirst(block.count)
        let header = block.count << 3 | (rest.isEmpty ? 1 : 0)
        out += (0..<3).map { UInt8(header >> (8 * $0) & 0xff) } + block
    } while !rest.isEmpty
    return out
}

/// A zstd frame of zeros: four bytes for 64 KiB.
func zstdZeros(blocks: Int) -> [UInt8] {
    var out: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]
    for index in 1...blocks {
        let header = 65536 << 3 | 1 << 1 | (index == blocks ? 1 : 0)
        out += (0..<3).map { UInt8(header >> (8 * $0) & 0xff) } + [0]
    }
    return out
}

func digest(_ bytes: [UInt8]) -> Digest {
    var sum = Checksum(.sha256)
    sum.add(bytes)
    guard let digest = Digest(.sha256, hex: sum.finish()) else { preconditionFailure("64 digits") }
    return digest
}
