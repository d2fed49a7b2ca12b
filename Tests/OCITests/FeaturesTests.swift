// SPDX-License-Identifier: Apache-2.0
import Foundation
import HullBytes
import HullOCI
import Support
import Testing

/// (CF-19)
@Suite struct FeaturesTests {
    /// A document with everything.
    private var full: Features {
        var features = Features(ociVersionMin: "1.0.0", ociVersionMax: "1.3.0")
        features.hooks = ["prestart"]
        features.mountOptions = []
        features.annotations = [.init(key: "a", value: "b")]
        features.potentiallyUnsafeConfigAnnotations = ["org.systemd.property."]
        var linux = Features.Linux()
        linux.namespaces = ["pid"]
        linux.capabilities = ["CAP_KILL"]
        (linux.apparmor, linux.selinux, linux.netDevices) = (
            .init(enabled: true), .init(enabled: false), .init(enabled: true)
        )
        linux.cgroup = .init(v1: false, v2: true, systemd: true, systemdUser: false, rdma: true)
        linux.seccomp = .init(
            enabled: true, actions: ["A"], operators: ["O"], archs: ["R"], knownFlags: ["K"], supportedFlags: [])
        linux.memoryPolicy = .init(modes: ["M"], flags: ["F"])
        linux.intelRdt = .init(enabled: true, schemata: true, monitoring: false)
        linux.mountExtensions = .init(idmap: .init(enabled: true))
        features.linux = linux
        return features
    }

    // Goal: the document is that of the specification. Method: the whole text of one with everything.
    @Test func everything() {
        let linux =
            #"{"namespaces":["pid"],"capabilities":["CAP_KILL"],"#
            + #""cgroup":{"v1":false,"v2":true,"systemd":true,"systemdUser":false,"rdma":true},"#
            + #""seccomp":{"enabled":true,"actions":["A"],"operators":["O"],"archs":["R"],"#
            + #""knownFlags":["K"],"supportedFlags":[]},"apparmor":{"enabled":true},"selinux":{"enabled":false},"#
            + #""memoryPolicy":{"modes":["M"],"flags":["F"]},"#
            + #""intelRdt":{"enabled":true,"schemata":true,"monitoring":false},"#
            + #""mountExtensions":{"idmap":{"enabled":true}},"netDevices":{"enabled":true}}"#
        #expect(
            String(decoding: JSONWriter.text(of: full), as: UTF8.self)
                == #"{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0","hooks":["prestart"],"mountOptions":[],"linux":"#
                + linux + #","annotations":{"a":"b"},"potentiallyUnsafeConfigAnnotations":["org.systemd.property."]}"#)
    }

    // Goal: what is not said is not written. Method: the smallest document.
    @Test func nothing() {
        let text = JSONWriter.text(of: Features(ociVersionMin: "1.0.0", ociVersionMax: "1.3.0"))
        #expect(String(decoding: text, as: UTF8.self) == #"{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0"}"#)
    }

    // Goal: every property of the schema can be said. Method: each place of the schema's sample is in the document
    // with everything, as Foundation reads it.
    @Test func everyPropertyOfTheSchema() throws {
        let document = try JSONSerialization.jsonObject(with: Data(JSONWriter.text(of: full)))
        for (pointer, _) in try Schema().sample("features-schema.json").places() {
            var value: Any? = document
            for step in pointer.split(separator: "/") where step != "0" && step != "key" {
                value = (value as? [String: Any])?[String(step)]
            }
            #expect(value != nil, "\(pointer)")
        }
    }

    // Goal: every property of the state's schema is read. Method: the schema's sample has no unknown property.
    @Test func stateSchema() throws {
        var unknown: [ConfigError] = []
        let sample = try Schema().sample("state-schema.json")
        let _: State = try JSONReader.read(bytes(sample.text()), unknown: &unknown)
        #expect(unknown.map(line) == [])
    }
}
