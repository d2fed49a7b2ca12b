// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullOCI

/// The same JSON through Python's reader: what we take it takes too, and the values are equal; what it takes we take,
/// but for what Specs/config.md refuses on purpose.
enum DifferentialTarget {
    static func check(_ input: [UInt8]) -> String? {
        let ours = (try? JSONDocument(input)).map { JSONWriter.text(of: $0) }
        guard let python else { return "python3 cannot be started" }
        return python.compare(input, with: ours)
    }

    private static let python = Python()
}

/// A Python that reads one pair of texts after another.
private final class Python: @unchecked Sendable {
    private let input: FileHandle
    private let output: FileHandle
    private let process = Process()
    private let lock = NSLock()

    init?() {
        let (to, from) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program]
        process.standardInput = to
        process.standardOutput = from
        (input, output) = (to.fileHandleForWriting, from.fileHandleForReading)
        do { try process.run() } catch { return nil }
    }

    func compare(_ text: [UInt8], with ours: [UInt8]?) -> String? {
        lock.lock()
        defer { lock.unlock() }
        send(Array("\(text.count) \(ours?.count ?? -1)\n".utf8) + text + (ours ?? []))
        var answer: [UInt8] = []
        while answer.last != 0x0a {
            guard let byte = receive() else { return "python3 has ended" }
            answer.append(byte)
        }
        return answer.count == 1 ? nil : String(decoding: answer.dropLast(), as: UTF8.self)
    }

    // Not by Foundation's means: libFuzzer's timer interrupts calls, which it takes for errors.

    private func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { write(input.fileDescriptor, $0.baseAddress, $0.count) }
            guard sent > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(sent, 0))
        }
    }

    private func receive() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = read(output.fileDescriptor, &byte, 1)
            if count == 1 { return byte }
            guard count < 0, errno == EINTR else { return nil }
        }
    }
}

/// Answers each pair by a line, which is empty where the readers agree. Numbers are compared as they are written,
/// members in their order. Python takes halves of surrogate pairs and any depth.
private let program = #"""
    import json, sys
    sys.setrecursionlimit(5000)

    def constant(word):
        raise ValueError(word)

    def read(text):
        try:
            return json.loads(text.decode(), parse_int=str, parse_float=lambda n: ("float", n),
                              parse_constant=constant, object_pairs_hook=lambda pairs: ("object", pairs))
        except (ValueError, RecursionError):
            return None

    def refused(value, depth=1):
        if isinstance(value, str):
            return any(0xd800 <= ord(c) < 0xe000 for c in value)
        if isinstance(value, list):
            return depth > 128 or any(refused(v, depth + 1) for v in value)
        if isinstance(value, tuple) and value[0] == "object":
            return depth > 128 or any(refused(k) or refused(v, depth + 1) for k, v in value[1])
        return False

    def verdict(text, ours):
        theirs = read(text) if text.strip(b" \t\r\n") != b"null" else "null"
        if ours is None:
            return "we refuse what python takes" if theirs is not None and not refused(theirs) else ""
        if theirs is None:
            return "we take what python refuses"
        again = read(ours) if ours != b"null" else "null"
        return "" if again == theirs else f"{again!r} is not {theirs!r}"[:300].replace("\n", " ")

    while line := sys.stdin.buffer.readline():
        theirs, ours = map(int, line.split())
        text = sys.stdin.buffer.read(theirs)
        again = sys.stdin.buffer.read(ours) if ours >= 0 else None
        print(ascii(verdict(text, again))[1:-1], flush=True)
    """#
