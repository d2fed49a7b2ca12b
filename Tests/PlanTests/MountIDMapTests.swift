// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct MountIDMapTests {
    /// The maps of the namespaces that a plan makes for mounts with these options, in a container with two ranges.
    private func maps(_ options: [Bytes]) throws -> [([IDMapping], [IDMapping])] {
        var config = Config.smallest
        config.linux?.namespaces?.append(.init(type: "user"))
        config.linux?.uidMappings = [
            .init(containerID: 0, hostID: 1000, size: 10), .init(containerID: 10, hostID: 5000, size: 10),
        ]
        config.linux?.gidMappings = [.init(containerID: 0, hostID: 9000, size: 100)]
        config.mounts = options.map { Config.Mount(destination: "/a", source: "/a", options: ["bind", $0]) }
        return try config.plan().outside.compactMap { step in
            if case .makeUserNamespace(let uids, let gids, _) = step.action { (uids, gids) } else { nil }
        }
    }

    // MI-50. Goal: the text of crun's form is read as it is meant. Method: a table of texts and of the uids that come
    // out; relative ranges are cut where those of the container end.
    @Test(
        arguments: [
            ("uids=0-7-3", ["0 7 3"]), ("uids=0-7-3#3-20-1", ["0 7 3", "3 20 1"]), ("uids=@0-0-1", ["0 1000 1"]),
            ("uids=@50-8-4", ["50 1008 2", "52 5000 2"]), ("uids=@5-19-1#9-9-1", ["5 5009 1", "9 9 1"]),
            ("uids=0-7-3;uids=3-20-1", ["0 7 3", "3 20 1"]), ("uids=0-0-4294967295", ["0 0 4294967295"]),
        ])
    func text(text: String, lines: [String]) throws {
        let found = try maps(["idmap=" + Bytes(text) + ";gids=@1-2-3"])
        #expect(found.count == 1)
        #expect(found.first?.0.map { $0.line.trimmed.text } == lines)
        #expect(found.first?.1.map { $0.line.trimmed.text } == ["1 9002 3"])
    }

    // MI-51. Goal: a relative range that the container has not is refused. Method: ranges past the ends.
    @Test(arguments: ["uids=@0-20-1", "uids=@0-19-2", "uids=@0-4294967295-2"]) func unmapped(text: String) throws {
        #expect(throws: ConfigErrors.self) { try maps(["idmap=" + Bytes(text) + ";gids=0-0-1"]) }
    }

    // MI-51. Goal: ranges that the kernel would refuse together are told before anything is made, also where several
    // parts say them. Method: ids that overlap inside and outside.
    @Test(arguments: [
        ("uids=0-7-3;uids=2-90-1", "the ids inside overlap those of mapping 0"),
        ("uids=0-7-3;gids=0-0-1;uids=5-9-1", "the ids outside overlap those of mapping 0"),
    ])
    func overlapping(text: String, problem: String) throws {
        let errors = try #require(
            #expect(throws: ConfigErrors.self) { try maps(["idmap=" + Bytes(text) + ";gids=9-9-1"]) })
        #expect(
            errors.list.map { "\($0.pointer.text.text): \($0.problem.text)" } == ["/mounts/0/options/1: \(problem)"])
    }

    // MI-52. Goal: one namespace serves all mounts with the same maps. Method: three mounts, two of them alike, and the
    // container's own.
    @Test func shared() throws {
        #expect(try maps(["idmap=uids=0-7-3;gids=0-7-3", "ridmap=uids=0-7-3;gids=0-7-3"]).count == 1)
        #expect(try maps(["idmap=uids=0-7-3;gids=0-7-3", "idmap=uids=0-7-3;gids=0-8-3"]).count == 2)
        let own = try maps(["idmap", "idmap=uids=@0-0-20;gids=@0-0-100"])
        #expect(own.count == 1)
        #expect(own.first?.0.map { $0.line.trimmed.text } == ["0 1000 10", "10 5000 10"])
    }

    // MI-53. Goal: nothing is made for mounts without an id map. Method: plain binds, in a user namespace.
    @Test func none() throws {
        #expect(try maps(["ro", "rbind"]).isEmpty)
    }
}
