// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Hostname {
    static let host = (Files.read("/proc/sys/kernel/hostname") ?? "").trimmed

    // Goal: /hostname names the container only. Method: ask inside; compare the host's name afterwards.
    @Test("HN-01 the hostname is set inside and not on the host")
    func hostname() throws {
        try scenario { s in
            try #expect(s.inside("hostname") { $0["/hostname"] = "whale" } == ["whale"])
        }
        #expect(Files.read("/proc/sys/kernel/hostname")?.trimmed == Self.host)
    }

    // Goal: /domainname is set too. Method: read the kernel's word inside.
    @Test("HN-02 the domain name is set inside")
    func domainname() throws {
        try scenario { s in
            try #expect(
                s.inside("cat /proc/sys/kernel/domainname") { $0["/domainname"] = "sea.example" } == ["sea.example"])
        }
    }

    // Goal: the host is not renamed by a container without a UTS namespace. Method: create is refused.
    @Test("HN-03 a hostname without a new UTS namespace is refused")
    func hostnameNeedsNamespace() throws {
        try scenario { s in
            try s.refuses("/hostname", "UTS", "uts", "hostname") {
                $0["/hostname"] = "whale"
                $0.removeNamespace("uts")
            }
        }
        #expect(Files.read("/proc/sys/kernel/hostname")?.trimmed == Self.host)
    }

    // Goal: the same for the domain name. Method: create is refused.
    @Test("HN-04 a domain name without a new UTS namespace is refused")
    func domainnameNeedsNamespace() throws {
        try scenario { s in
            try s.refuses("/domainname", "UTS", "uts", "domainname") {
                $0["/hostname"] = nil
                $0["/domainname"] = "sea.example"
                $0.removeNamespace("uts")
            }
        }
    }

    // Goal: without /hostname a new namespace keeps the name it is born with. Method: ask inside.
    @Test("HN-05 without a hostname the name is inherited")
    func inherited() throws {
        try scenario { s in
            try #expect(s.inside("hostname") { $0["/hostname"] = nil } == [Self.host])
        }
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
