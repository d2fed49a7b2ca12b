// SPDX-License-Identifier: Apache-2.0

internal import CHull
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
        if let known = Signal.names.first(where: { Bytes(stringLiteral: $0.name) == name }) {
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
    package static let hup = Signal(known: SIGHUP)
    /// Interrupt from the keyboard.
    package static let int = Signal(known: SIGINT)
    /// Cannot be caught.
    package static let kill = Signal(known: SIGKILL)
    /// Asks to end.
    package static let term = Signal(known: SIGTERM)
    /// A child changed its state.
    package static let chld = Signal(known: SIGCHLD)
    /// Cannot be caught; stops the process.
    package static let stop = Signal(known: SIGSTOP)
    /// Goes on after a stop.
    package static let cont = Signal(known: SIGCONT)
    /// The size of the terminal changed.
    package static let winch = Signal(known: SIGWINCH)
    /// Written to a pipe without a reader.
    package static let pipe = Signal(known: SIGPIPE)
    /// Urgent data; used by some language runtimes to interrupt their own threads.
    package static let urg = Signal(known: SIGURG)

    /// `RTMIN + n` counts from 34 for every engine: 32 and 33 belong to the C library's threads (SIGRTMIN in signal(7)).
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

    /// The name that `name` gives comes before its older synonyms.
    private static let names: [(name: StaticString, number: Int32)] = [
        ("HUP", SIGHUP), ("INT", SIGINT), ("QUIT", SIGQUIT), ("ILL", SIGILL), ("TRAP", SIGTRAP), ("ABRT", SIGABRT),
        ("BUS", SIGBUS), ("FPE", SIGFPE), ("KILL", SIGKILL), ("USR1", SIGUSR1), ("SEGV", SIGSEGV),
        ("USR2", SIGUSR2), ("PIPE", SIGPIPE), ("ALRM", SIGALRM), ("TERM", SIGTERM), ("STKFLT", SIGSTKFLT),
        ("CHLD", SIGCHLD), ("CONT", SIGCONT), ("STOP", SIGSTOP), ("TSTP", SIGTSTP), ("TTIN", SIGTTIN),
        ("TTOU", SIGTTOU), ("URG", SIGURG), ("XCPU", SIGXCPU), ("XFSZ", SIGXFSZ), ("VTALRM", SIGVTALRM),
        ("PROF", SIGPROF), ("WINCH", SIGWINCH), ("IO", SIGIO), ("PWR", SIGPWR), ("SYS", SIGSYS),
        ("IOT", SIGABRT), ("CLD", SIGCHLD), ("POLL", SIGIO),
    ]
}
