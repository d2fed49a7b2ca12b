// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Hostname {
    // Goal: /hostname names the container. Method: the program asks inside; the host's name is compared before and after.
    @Test("HN-01 the hostname is set inside and not on the host")
    func hostname() throws {
        let host = ProcessInfo.processInfo.hostName
        try scenario { s in
            try #expect(s.inside("hostname") { $0["/hostname"] = "whale" } == ["whale"])
        }
        #expect(ProcessInfo.processInfo.hostName == host)
    }
}
