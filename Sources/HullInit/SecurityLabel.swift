// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Asks for the label at the coming execve. Through the host's /proc, opened before the container's root was
    /// entered: a mount over the container's own could swallow the write (CVE-2019-16884, CVE-2025-52881).
    func confine(_ label: SecurityLabel) throws(SystemError) {
        do {
            switch label {
            case .appArmor(let profile): try writeAttribute("apparmor/exec", "exec \(profile)")
            case .selinux(let text): try writeAttribute("exec", text)
            }
        } catch { throw refusal(of: label, attribute(of: label), error) }
    }

    /// The same in a child that ends at once. The errno comes back as its exit code.
    func tryToConfine(_ label: SecurityLabel) throws(SystemError) {
        let cloned = try CurrentProcess.clone(0, cgroup: nil)
        if cloned == nil {
            do { try confine(label) } catch { CurrentProcess.exit(error.errno.rawValue) }
            CurrentProcess.exit(0)
        }
        guard let child = cloned else { throw SystemError("clone3", "the child came back", .echild) }
        guard case .exited(let code) = try child.wait() else { throw SystemError("waitid", "a child", .echild) }
        if code != 0 { throw refusal(of: label, attribute(of: label), SystemError("write", "", Errno(rawValue: code))) }
    }

    /// Keys that are made from now on have the label; nil for the process's own.
    func labelKeys(_ label: Bytes?) throws(SystemError) {
        // A new line stands for none.
        do { try writeAttribute("keycreate", label ?? "\n") } catch {
            throw refusal(of: .selinux(label ?? ""), "keycreate", error)
        }
    }

    /// Writes an attribute of the process itself: proc(5), /proc/PID/attr.
    func writeAttribute(_ name: Bytes, _ text: Bytes) throws(SystemError) {
        switch proc {
        case .some(let place): try HostFiles.write("self/attr/\(name)", text, inProc: place.number)
        case nil: throw SystemError("write", "/proc/self/attr/\(name)", .ebadf)
        }
    }

    private func attribute(of label: SecurityLabel) -> Bytes {
        switch label {
        case .appArmor: "apparmor/exec"
        case .selinux: "exec"
        }
    }

    /// Engines look for the path in backticks.
    private func refusal(of label: SecurityLabel, _ attribute: Bytes, _ error: SystemError) -> SystemError {
        let why: Bytes
        switch (label, error.errno) {
        case (.appArmor(let profile), .enoent) where error.call == "write":
            why = "no profile \"\(profile)\" is loaded"
        case (.appArmor, .enoent), (.appArmor, .einval): why = "AppArmor is not enabled"
        case (.appArmor(let profile), _): why = "profile \"\(profile)\""
        case (.selinux(let text), .einval): why = "the loaded policy has no label \"\(text)\""
        case (.selinux(let text), _): why = "label \"\(text)\""
        }
        return SystemError(error.call, "`/proc/self/attr/\(attribute)`", error.errno, detail: why)
    }
}
