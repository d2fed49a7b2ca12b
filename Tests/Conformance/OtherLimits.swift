// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Limits of what few machines have.
@Suite(.runnable, .conformance)
struct OtherLimits {
    // Goal: huge pages above the limit are not to be had. Method: one page fits, two do not.
    @Test("LT-50 huge pages are limited", .needs(.hugetlb, .hugePages))
    func hugePages() throws {
        try scenario { s in
            for (pages, fits) in [(1, true), (2, false)] {
                let bundle = try s.bundle(["/bin/probe", "hugetlb", "\(pages * 2_097_152)", "touch"]) {
                    $0["/linux/resources/hugepageLimits"] = [["pageSize": "2MB", "limit": 2_097_152]]
                }
                // Without a limit of reservations the second page is SIGBUS.
                let outcome = try s.run(bundle)
                #expect((outcome.json?["/ok"]?.bool == true) == fits, "\(outcome)")
            }
        }
    }

    // Goal: they are limited when they are reserved already. Method: two pages that nobody touches.
    @Test("LT-51 reserved huge pages are limited", .needs(.hugetlb, .hugePages))
    func reserved() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe", "hugetlb", "4194304", "reserve"]) {
                $0["/linux/resources/hugepageLimits"] = [["pageSize": "2MB", "limit": 2_097_152]]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.json?["/errno"]?.int == 12, "\(outcome)")
        }
    }

    // Goal: limits of devices that are not there are errors with their place. Method: what no such machine has.
    @Test("LT-52 an rdma limit of a device that is not there is refused", .needs(.controller("rdma")))
    func rdma() throws {
        try scenario { s in
            try s.refuses("/linux/resources/rdma/none0", "nvalid argument", "o such device") {
                $0["/linux/resources/rdma"] = ["none0": ["hcaHandles": 3]]
            }
        }
    }

    @Test("LT-53 a misc limit of a resource that is not there is refused", .needs(.controller("misc")))
    func misc() throws {
        try scenario { s in
            try s.refuses("/linux/resources/unified/misc.max", "nvalid argument") {
                $0["/linux/resources/unified"] = ["misc.max": "none 1"]
            }
        }
    }
}
