// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import Testing

@Suite struct ErrnoTests {
    // Goal: the words are those that every tool of the machine prints. Method: the C library's strerror as the oracle.
    @Test(arguments: Int32(1)...133) func messageIsTheCLibrarys(number: Int32) {
        let errno = Errno(rawValue: number)
        let expected = String(cString: strerror(number))
        #expect(errno.message.text.lowercased() == expected.lowercased())
        guard number != 41, number != 58 else { return }
        #expect(errno.name.hasPrefix("E"))
        #expect(errno.message.text.first?.isUppercase == false || errno.message.hasPrefix("RFS"))
    }

    // Goal: engines find the words by which they choose 126 and 127. Method: the exact texts.
    @Test func wordsThatEnginesMatch() {
        #expect(Errno.eacces.message == "permission denied")
        #expect(Errno.enoent.message == "no such file or directory")
        #expect(Errno.eperm.message == "operation not permitted")
        #expect(Errno.enoexec.message == "exec format error")
        #expect(Errno.enotdir.message == "not a directory")
    }

    // Goal: names come from the header. Method: known pairs, and numbers that Linux does not have.
    @Test func names() {
        #expect(Errno(rawValue: 2).name == "ENOENT")
        #expect(Errno(rawValue: 11).name == "EAGAIN")
        #expect(Errno(rawValue: 35).name == "EDEADLK")
        #expect(Errno(rawValue: 95).name == "EOPNOTSUPP")
        #expect(Errno(rawValue: 133).name == "EHWPOISON")
        #expect(Errno(rawValue: 41).name == "errno 41")
        #expect(Errno(rawValue: 512).message == "unknown error 512")
    }
}
