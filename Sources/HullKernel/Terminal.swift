// SPDX-License-Identifier: Apache-2.0

internal import CHull
internal import HullLinux

/// Pseudo-terminals and the settings of terminals.
package enum Terminal {
    /// Unlocks the peer of an open ptmx and opens it by TIOCGPTPEER: never by the name /dev/pts/N, which the container
    /// could have replaced (CVE-2025-52565).
    package static func peer(of master: Int32) throws(SystemError) -> Descriptor {
        try check(chull_pty_unlock(master), "TIOCSPTLCK")
        let flags = O_RDWR | O_NOCTTY | O_CLOEXEC
        return Descriptor(owning: try check(chull_pty_peer(master, flags), "TIOCGPTPEER"))
    }

    /// The number N of /dev/pts/N.
    package static func number(of master: Int32) throws(SystemError) -> Int32 {
        try check(chull_pty_number(master), "TIOCGPTN")
    }

    /// Makes the terminal the controlling one of the session.
    package static func makeControlling(_ terminal: Int32) throws(SystemError) {
        try check(chull_set_controlling_terminal(terminal), "TIOCSCTTY")
    }

    /// Rows and columns.
    package static func setSize(_ terminal: Int32, rows: UInt16, columns: UInt16) throws(SystemError) {
        try check(chull_set_window_size(terminal, rows, columns), "TIOCSWINSZ")
    }

    /// Rows and columns; nil for what is no terminal.
    package static func size(_ terminal: Int32) -> (rows: UInt16, columns: UInt16)? {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        return unsafe chull_get_window_size(terminal, &rows, &columns) < 0 ? nil : (rows, columns)
    }

    /// Whether the descriptor is a terminal: isatty(3).
    package static func isTerminal(_ descriptor: Int32) -> Bool { chull_isatty(descriptor) == 1 }

    /// No carriage return is added to newlines.
    package static func passNewlines(_ terminal: Int32) throws(SystemError) {
        try check(chull_terminal_no_onlcr(terminal), "tcsetattr")
    }

    /// Raw mode: every key goes to the container. Gives the settings to restore.
    package static func makeRaw(_ terminal: Int32) throws(SystemError) -> [UInt8] {
        var saved = [UInt8](repeating: 0, count: 128)
        let result = unsafe saved.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return -Errno.einval.rawValue }
            return unsafe chull_terminal_raw(terminal, start, buffer.count)
        }
        try check(result, "tcsetattr")
        return saved
    }

    /// Puts back what `makeRaw` gave.
    package static func restore(_ terminal: Int32, _ saved: [UInt8]) {
        _ = unsafe saved.withUnsafeBytes { buffer in
            unsafe buffer.baseAddress.map { unsafe chull_terminal_restore(terminal, $0) }
        }
    }
}
