// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import Testing

@Suite struct SignalTests {
    // Goal: every spelling that engines and people use. Method: a table of text and number.
    @Test(arguments: [
        ("15", 15), ("TERM", 15), ("SIGTERM", 15), ("sigterm", 15), ("Term", 15), ("9", 9), ("KILL", 9), ("1", 1),
        ("64", 64), ("IOT", 6), ("ABRT", 6), ("POLL", 29), ("IO", 29), ("CLD", 17), ("RTMIN", 34), ("SIGRTMIN", 34),
        ("RTMIN+0", 34), ("RTMIN+3", 37), ("sigrtmin+30", 64), ("RTMAX", 64), ("RTMAX-1", 63), ("RTMAX-30", 34),
        ("037", 37), ("STKFLT", 16),
    ]) func parses(text: String, number: Int32) {
        #expect(Signal(parsing: Bytes(text))?.rawValue == number)
    }

    // Goal: nothing else is a signal. Method: a table of wrong texts.
    @Test(arguments: [
        "", "0", "65", "-1", "+9", " 9", "9 ", "SIG", "SIGSIGTERM", "TERMINATE", "RTMIN+31", "RTMIN-1", "RTMAX+1",
        "RTMAX-31", "RTMIN+", "SIG9", "4294967305", "18446744073709551625", "T\u{00c9}RM",
    ]) func refuses(text: String) {
        #expect(Signal(parsing: Bytes(text)) == nil)
    }

    // Goal: a printed name reads back. Method: all 64 numbers.
    @Test(arguments: Int32(1)...64) func nameReadsBack(number: Int32) throws {
        let signal = try #require(Signal(rawValue: number))
        if number == 32 || number == 33 {
            #expect(signal.name == "SIG\(number)")
        } else {
            #expect(Signal(parsing: signal.name) == signal)
        }
    }

    // Goal: RTMIN is what programs in the container count from. Method: the C library's own value.
    @Test func realTimeStartsWhereTheCLibrarySays() {
        #expect(Signal(parsing: "RTMIN")?.rawValue == __libc_current_sigrtmin())
        #expect(Signal(parsing: "RTMAX")?.rawValue == __libc_current_sigrtmax())
    }
}
