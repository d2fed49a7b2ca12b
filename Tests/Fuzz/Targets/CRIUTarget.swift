// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan

/// What comes back from CRIU and its directory of images: answers of its RPC, its log, and the file with names of
/// mounts.
enum CRIUTarget {
    static func check(_ input: [UInt8]) -> String? {
        let rest = Array(input.dropFirst())
        switch input.first.map({ $0 % 4 }) ?? 0 {
        case 0: return response(rest)
        case 1: return fields(rest)
        case 2: return log(rest)
        default: return image(rest)
        }
    }

    private static func response(_ bytes: [UInt8]) -> String? {
        do throws(ProtocolBufferProblem) {
            let response = try CRIUResponse(bytes)
            let script = response.notification?.script.count ?? 0
            return script + response.message.count > bytes.count ? "more than there is" : nil
        } catch {
            return error.offset >= 0 && error.offset <= bytes.count && !error.words.isEmpty
                ? nil : "a problem at byte \(error.offset) of \(bytes.count): \(error.words.shown)"
        }
    }

    /// What was read is written again, as far as the writer has such fields, and read as the same.
    private static func fields(_ bytes: [UInt8]) -> String? {
        guard let fields = try? ProtocolBufferField.all(in: bytes) else { return nil }
        var writer = ProtocolBufferWriter()
        var written: [ProtocolBufferField] = []
        for field in fields {
            switch field.value {
            case .number(let number): writer.number(field.number, number)
            case .bytes(let bytes): writer.text(field.number, bytes)
            case .fixed: continue
            }
            written.append(field)
        }
        let again = try? ProtocolBufferField.all(in: writer.bytes)
        return again == written ? nil : "written again it is \(String(describing: again)), not \(written)"
    }

    private static func log(_ bytes: [UInt8]) -> String? {
        let reason = CRIULog.reason(in: Bytes(bytes))
        return reason.contains(0x0a) || reason.count > bytes.count + 4 ? "the reason \(reason.shown)" : nil
    }

    private static func image(_ bytes: [UInt8]) -> String? {
        guard let image = try? CheckpointImage.read(bytes) else { return nil }
        for mount in image.mounts {
            let parts = mount.below.split(0x2f, omittingEmpty: false)
            if mount.key.contains(0x5d) || mount.below.isAbsolutePath || parts.contains("..") {
                return "a mount \(mount.key.shown) at \(mount.below.shown)"
            }
        }
        if image.streams.contains(where: { $0.contains(0x2f) }) { return "a stream that is a path" }
        return (try? CheckpointImage.read(JSONWriter.text(of: image))) == image ? nil : "written again it is another"
    }
}
