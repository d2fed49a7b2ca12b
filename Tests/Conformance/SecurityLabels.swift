// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct SecurityLabels {
    // Goal: without the module nobody would be confined, so nothing runs. Method: the machine has neither policy nor
    // profiles; the options of exec say the same.
    @Test("SL-01 a label or profile of a module that is not on is refused", .needs(.noSecurityModule))
    func missing() throws {
        try scenario { s in
            try s.refuses("/process/selinuxLabel", "elinux") { $0["/process/selinuxLabel"] = "u:r:t:s0" }
            try s.refuses("/process/apparmorProfile", "pparmor") { $0["/process/apparmorProfile"] = "confined" }
            let container = try s.start("exec sleep 100")
            for options in [["--process-label", "u:r:t:s0"], ["--apparmor", "confined"]] {
                let outcome = try container.exec("true", options: options)
                #expect(outcome.failed, "\(outcome)")
            }
        }
    }
}
