// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// One line of the log. Engines take the last record of level `error` for their own error message, so the keys, the
/// level words and the time have the form that they decode.
package struct LogRecord: Equatable, Sendable {
    /// How severe it is.
    package let level: LogLevel
    /// What is to be said, in one line.
    package let message: Bytes
    /// When it happened.
    package let time: Timestamp
    /// What programs want to know besides; in JSON alone.
    package let fields: LogFields?

    /// Takes the parts as they are.
    package init(_ level: LogLevel, _ message: Bytes, at time: Timestamp, _ fields: LogFields? = nil) {
        self.fields = fields
        self.level = level
        self.message = message
        self.time = time
    }

    /// The record with a newline at its end, to be appended in one write(2): several processes share the file.
    package func line(_ format: LogFormat) -> Bytes {
        switch format {
        case .json: json
        case .text: text
        }
    }

    private var json: Bytes {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("level", level.word)
            writer.member("msg", message)
            writer.member("time", time.rfc3339)
            fields?.write(&writer)
        }
        return Bytes(writer.bytes) + "\n"
    }

    private var text: Bytes {
        "time=\(textValue(time.rfc3339)) level=\(textValue(level.word)) msg=\(textValue(message))\n"
    }
}

/// A value of a `key=value` line: bare where no byte of it could be taken for the end or the next key.
private func textValue(_ value: Bytes) -> Bytes {
    let isBare = value.array.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: Bytes("-._/@^+").contains(byte)
        }
    }
    return isBare ? value : quoted(value)
}
