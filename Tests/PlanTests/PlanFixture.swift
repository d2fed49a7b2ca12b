// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

/// A directory of `Fixtures`: a config, what else is known, and the text that is expected of it.
struct PlanFixture: CustomTestStringConvertible, Sendable {
    let name: String

    static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static let all: [PlanFixture] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.sorted().filter { !$0.contains(".") }.map(PlanFixture.init)
    }()

    var testDescription: String { name }
    var isError: Bool { name.hasPrefix("error-") }
    /// The file with the expected text.
    var expected: URL { file(isError ? "errors.txt" : "plan.txt") }

    func file(_ file: String) -> URL { Self.directory.appending(path: name).appending(path: file) }

    func config() throws -> [UInt8] { [UInt8](try Data(contentsOf: file("config.json"))) }

    /// The plan as text, or the errors, one a line as `LINE:COLUMN POINTER: PROBLEM (HINT)`.
    func resolved() throws -> String {
        let bytes = try config()
        let (request, host) = try surroundings()
        do throws(ConfigErrors) {
            return explain(try resolve(try Config.read(bytes), request, host)).text
        } catch {
            return error.located(in: bytes).list.map { error in
                let hint = error.hint.map { " (\($0.text))" } ?? ""
                let place = "\(error.line ?? 0):\(error.column ?? 0) \(error.pointer.text.text)"
                return "\(place): \(error.problem.text)\(hint)\n"
            }.joined()
        }
    }

    /// The request and the host, from `request.json` where there is one.
    func surroundings() throws -> (Request, HullPlan.Host) {
        var request = Request(id: "c1", bundle: "/bundles/c1")
        var host = HullPlan.Host.usual
        guard let data = try? Data(contentsOf: file("request.json")) else { return (request, host) }
        let said = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        request.consoleSocket = (said["consoleSocket"] as? String).map { Bytes($0) }
        request.pidfdSocket = (said["pidfdSocket"] as? String).map { Bytes($0) }
        request.notifyDirectory = (said["notifyDirectory"] as? String).map { Bytes($0) }
        request.pidFile = (said["pidFile"] as? String).map { Bytes($0) }
        request.startsLater = said["startsLater"] as? Bool ?? false
        request.detached = said["detached"] as? Bool ?? false
        request.foreground = said["foreground"] as? Bool ?? false
        request.noPivot = said["noPivot"] as? Bool ?? false
        request.keepsCgroup = said["keepsCgroup"] as? Bool ?? false
        request.noNewKeyring = said["noNewKeyring"] as? Bool ?? false
        let machine = said["host"] as? [String: Any] ?? [:]
        if let names = machine["capabilities"] as? [String] {
            host.capabilities = CapabilitySet(names.compactMap { Capability(name: Bytes($0)) })
        }
        if let kernel = machine["kernel"] as? [UInt32], kernel.count == 2 { host.kernel = (kernel[0], kernel[1]) }
        if let cgroup = machine["ownCgroup"] as? String { host.ownCgroup = Bytes(cgroup) }
        if let controllers = machine["controllers"] as? [String] { host.controllers = [Bytes](texts: controllers) }
        if let manager = machine["serviceManager"] as? [String: Any] {
            host.serviceManager = ServiceManagerFacts(
                isOfUser: manager["isOfUser"] as? Bool ?? false, cgroup: Bytes(manager["cgroup"] as? String ?? ""))
        }
        if machine["cgroupMount"] is NSNull { host.cgroupMount = nil }
        return (request, host)
    }
}
