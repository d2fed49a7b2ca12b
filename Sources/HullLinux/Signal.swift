// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A signal by its kernel number, 1 to 64.
package struct Signal: Hashable, Sendable {
    /// The number that the kernel takes.
    package let rawValue: Int32

    /// The signal with the number; nil outside 1…64.
    package init?(rawValue: Int32) {
        guard (1...Signal.last).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }
    private init(known: Int32) { self.rawValue = known }

    /// Reads what a person or an engine writes: `15`, `TERM`, `SIGTERM`, `sigterm`, `RTMIN+3`, `SIGRTMAX-1`.
    package init?(parsing text: Bytes) {
        if let number = text.decimal {
            self.init(rawValue: Int32(clamping: number))
            return
        }
        let upper = Bytes(text.array.map { $0 >= 0x61 && $0 <= 0x7a ? $0 - 0x20 : $0 })
        let name = upper.hasPrefix("SIG") ? upper.dropFirst(3) : upper
        if let known = Signal.names.first(where: { name.matches($0.name) }) {
            self.init(known: known.number)
        } else if let number = Signal.realTime(name) {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }

    /// The usual name with its prefix: `SIGTERM`, `SIGRTMIN+3`.
    package var name: Bytes {
        if let known = Signal.names.first(where: { $0.number == rawValue }) {
            return "SIG" + Bytes(stringLiteral: known.name)
        }
        if rawValue == Signal.realTimeFirst { return "SIGRTMIN" }
        if rawValue == Signal.last { return "SIGRTMAX" }
        if rawValue > Signal.realTimeFirst { return "SIGRTMIN+\(rawValue - Signal.realTimeFirst)" }
        return "SIG\(rawValue)"
    }

    /// Every name that `init(parsing:)` knows, with the prefix: for hints.
    package static var knownNames: [Bytes] {
        names.map { "SIG" + Bytes(stringLiteral: $0.name) } + ["SIGRTMIN", "SIGRTMAX"]
    }

    /// Hang up.
    package static let hup = Signal(known: 1)
    /// Interrupt from the keyboard.
    package static let int = Signal(known: 2)
    /// Cannot be caught.
    package static let kill = Signal(known: 9)
    /// A bad system call: what a filter kills by.
    package static let sys = Signal(known: 31)
    /// Asks to end.
    package static let term = Signal(known: 15)
    /// A child changed its state.
    package static let chld = Signal(known: 17)
    /// Cannot be caught; stops the process.
    package static let stop = Signal(known: 19)
    /// Goes on after a stop.
    package static let cont = Signal(known: 18)
    /// The size of the terminal changed.
    package static let winch = Signal(known: 28)
    /// Written to a pipe without a reader.
    package static let pipe = Signal(known: 13)
    /// Urgent data; used by some language runtimes to interrupt their own threads.
    package static let urg = Signal(known: 23)

    /// `RTMIN + n` counts from 34 for every engine: 32 and 33 belong to the C library's threads (SIGRTMIN in
    /// signal(7)).
    private static let realTimeFirst: Int32 = 34
    /// _NSIG of asm-generic/signal.h.
    private static let last: Int32 = 64

    private static func realTime(_ name: Bytes) -> Int32? {
        if name == "RTMIN" { return realTimeFirst }
        if name == "RTMAX" { return last }
        let room = UInt64(last - realTimeFirst)
        guard name.hasPrefix("RTMIN+") || name.hasPrefix("RTMAX-"), let offset = name.dropFirst(6).decimal,
            offset <= room
        else { return nil }
        return name.hasPrefix("RTMIN+") ? realTimeFirst + Int32(offset) : last - Int32(offset)
    }

    /// asm-generic/signal.h, which is that of every architecture Swift builds for; the header itself would clash with
    /// the C library's where tests import both. The name that `name` gives comes before its older synonyms.
    private static let names: [(name: StaticString, number: Int32)] = [
        ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ILL", 4), ("TRAP", 5), ("ABRT", 6),
        ("BUS", 7), ("FPE", 8), ("KILL", 9), ("USR1", 10), ("SEGV", 11),
        ("USR2", 12), ("PIPE", 13), ("ALRM", 14), ("TERM", 15), ("STKFLT", 16),
        ("CHLD", 17), ("CONT", 18), ("STOP", 19), ("TSTP", 20), ("TTIN", 21),
        ("TTOU", 22), ("URG", 23), ("XCPU", 24), ("XFSZ", 25), ("VTALRM", 26),
        ("PROF", 27), ("WINCH", 28), ("IO", 29), ("PWR", 30), ("SYS", 31),
        ("IOT", 6), ("CLD", 17), ("POLL", 29),
    ]
}
