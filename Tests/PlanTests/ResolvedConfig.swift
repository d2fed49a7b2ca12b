// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles

extension Config {
    /// The plan on a host as most are.
    func plan(_ request: Request = Request(id: "c1", bundle: "/b"), _ host: Host? = nil) throws(ConfigErrors)
        -> ContainerPlan
    {
        try resolve(self, request, host ?? .usual)
    }

    /// The errors as `POINTER: PROBLEM`.
    var errors: [String] { errors() }

    func errors(_ request: Request = Request(id: "c1", bundle: "/b"), _ host: Host? = nil) -> [String] {
        do throws(ConfigErrors) {
            _ = try plan(request, host)
            return []
        } catch {
            return error.list.map { "\($0.pointer.text.text): \($0.problem.text)" }
        }
    }

    /// The errors of a config with that system call filter.
    static func errors(filter: Linux.Seccomp) -> [String] {
        var config = smallest
        config.linux?.seccomp = filter
        return config.errors
    }
}

extension ContainerPlan {
    /// The lines of the plan's text that stand for steps of one side, without number and pointer.
    func steps(_ side: String) -> [String] {
        explain(self).text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 2, Int(words[0]) != nil, words[1] == side else { return nil }
            let isOrigin = words.last?.hasPrefix("[/") == true
            return (isOrigin ? words.dropFirst(2).dropLast() : words.dropFirst(2)).joined(separator: " ")
        }
    }
}
