// SPDX-License-Identifier: Apache-2.0

import CSeccomp
import Foundation
import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct FeaturesTests {
    private let features: Features
    private let linux: Features.Linux

    init() throws {
        features = HullPlan.features(of: ProgramVersion(hull: "9.9.9", commit: "abc", specification: "1.3.0"))
        linux = try #require(features.linux)
    }

    // FT-50. Goal: the document is one of the specification. Method: its schema; and the schema check itself bites.
    @Test func schema() throws {
        #expect(try FeaturesSchema.violations(JSONWriter.text(of: features)) == [])
        var wrong = features
        wrong.linux?.namespaces = ["net"]
        wrong.linux?.capabilities = ["cap_kill"]
        let found = try FeaturesSchema.violations(JSONWriter.text(of: wrong)).sorted()
        #expect(found.map { $0.prefix { $0 != ":" } } == ["/linux/capabilities/0", "/linux/namespaces/0"])
        let extra = Array(#"{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0","linux":{"wings":{}}}"#.utf8)
        #expect(try FeaturesSchema.violations(extra) == ["/linux/wings: not in the schema"])
    }

    // FT-54. Goal: who is asked. Method: versions and annotations as given; libseccomp's version from the library
    // itself.
    @Test func versions() throws {
        let version = try #require(seccomp_version()?.pointee)
        let library = Bytes("\(version.major).\(version.minor).\(version.micro)")
        #expect(features.ociVersionMin == "1.0.0")
        #expect(features.ociVersionMax == "1.3.0")
        #expect(libseccompVersion == library)
        #expect(
            features.annotations?.map(\.key) == [
                "io.github.seccomp.libseccomp.version", "hull.commit", "hull.version",
            ])
        #expect(features.annotations?.map(\.value) == [library, "abc", "9.9.9"])
    }

    // FT-56. Goal: what is said of RDT is so. Method: the values, and a config with all of it.
    @Test func intelRdt() {
        #expect(linux.intelRdt == Features.IntelRdt(enabled: true, schemata: true, monitoring: true))
        var config = Config.smallest
        var said = Config.Linux.IntelRdt()
        said.schemata = ["L3:0=f"]
        said.enableMonitoring = true
        config.linux?.intelRdt = said
        #expect(config.errors == [])
    }

    // FT-55. Goal: no annotation changes anything without being named. Method: each that is named is in the table by
    // which values are looked up, or the beginning of what becomes a property of a unit; none is named twice.
    @Test func annotations() {
        let names = features.potentiallyUnsafeConfigAnnotations ?? []
        #expect(names == ([unitPropertyPrefix] + KnownAnnotation.allCases.map(\.name)).sorted())
        #expect(Set(names).count == names.count && names.contains("run.oci.seccomp.receiver"))
        for known in KnownAnnotation.allCases {
            #expect(known.value(in: [Entry(key: "x", value: "1"), Entry(key: known.name, value: "2")]) == "2")
            #expect(known.value(in: [Entry(key: known.name + "x", value: "2")]) == nil)
        }
    }

    // FT-51. Goal: a listed mount option is carried out. Method: a mount with each word of the table, as a filesystem
    // or as the bind mount that the word is for.
    @Test(arguments: MountOptions.names) func mountOptions(name: Bytes) throws {
        #expect(try #require(features.mountOptions).contains(name))
        var config = Config.smallest
        let options: [Bytes] = name == "copy-symlink" || name == "src-nofollow" ? ["bind", name] : [name]
        config.mounts = [Config.Mount(destination: "/a", source: "/a", type: "tmpfs", options: options)]
        if name.hasSuffix("idmap") {
            config.mounts?[0].uidMappings = [.init(containerID: 0, hostID: 1, size: 1)]
            config.mounts?[0].gidMappings = [.init(containerID: 0, hostID: 1, size: 1)]
        }
        #expect(config.errors == [])
    }

    // Goal: what is listed of namespaces and capabilities is taken. Method: each in a config.
    @Test func namesAreTaken() throws {
        for name in try #require(linux.namespaces) {
            var config = Config.smallest
            config.linux?.namespaces = [.init(type: "mount")] + (name == "mount" ? [] : [.init(type: name)])
            if name == "user" {
                config.linux?.uidMappings = [.init(containerID: 0, hostID: 1, size: 1)]
                config.linux?.gidMappings = [.init(containerID: 0, hostID: 1, size: 1)]
            }
            #expect(config.errors == [], "\(name.text)")
        }
        #expect(linux.namespaces?.count == 8)
        for name in try #require(linux.capabilities) { #expect(Capability(name: name) != nil) }
        #expect(linux.capabilities?.count == 41)
    }

    // FT-52. Goal: what is listed of filters is taken. Method: each word in a filter of its own.
    @Test func filterWordsAreTaken() throws {
        let seccomp = try #require(linux.seccomp)
        #expect(seccomp.enabled == true)
        #expect(seccomp.operators?.count == 7 && seccomp.actions?.count == 9)
        #expect(seccomp.supportedFlags?.count == 4 && seccomp.supportedFlags == seccomp.knownFlags)
        for action in seccomp.actions ?? [] {
            var filter = Config.Linux.Seccomp(
                defaultAction: "SCMP_ACT_ALLOW", syscalls: [.init(names: ["read"], action: action)])
            filter.listenerPath = "/run/agent"
            #expect(Config.errors(filter: filter) == [], "\(action.text)")
        }
        for name in seccomp.operators ?? [] {
            let rule = Config.Linux.Seccomp.Syscall(
                names: ["read"], action: "SCMP_ACT_ALLOW", args: [.init(index: 0, value: 1, valueTwo: 1, op: name)])
            #expect(
                Config.errors(filter: .init(defaultAction: "SCMP_ACT_ERRNO", syscalls: [rule])) == [], "\(name.text)")
        }
        for flag in seccomp.knownFlags ?? [] {
            var filter = Config.Linux.Seccomp(defaultAction: "SCMP_ACT_ALLOW")
            filter.flags = [flag]
            #expect(Config.errors(filter: filter) == [], "\(flag.text)")
        }
        let native = Architecture.native
        for name in seccomp.archs ?? [] {
            var filter = Config.Linux.Seccomp(defaultAction: "SCMP_ACT_ALLOW")
            filter.architectures = [name]
            let isOurOrder = try #require(Architecture(name: name)).isLittleEndian == native.isLittleEndian
            #expect(Config.errors(filter: filter).isEmpty == isOurOrder, "\(name.text)")
        }
    }

    // FT-53 PL-09. Goal: what is not carried out is said to be so. Method: the values, and one refused config for each.
    @Test func disabled() {
        #expect(linux.cgroup == Features.Cgroup(v1: false, v2: true, systemd: true, systemdUser: true, rdma: true))
        #expect(linux.apparmor?.enabled == true && linux.selinux?.enabled == true)
        #expect(linux.netDevices?.enabled == true && linux.mountExtensions?.idmap?.enabled == true)
        var config = Config.smallest
        config.linux?.cgroupsPath = "a.slice:b:c"
        let words = "\"a.slice:b:c\" is the form slice:prefix:name of the systemd driver"
        #expect(config.errors == ["/linux/cgroupsPath: \(words)"])
    }

    // MY-51. Goal: what is listed of memory policies is taken. Method: each word in a config of its own.
    @Test func memoryPolicyWordsAreTaken() throws {
        let listed = try #require(linux.memoryPolicy)
        #expect(listed.modes?.count == 7 && listed.flags?.count == 3)
        for mode in listed.modes ?? [] {
            var config = Config.smallest
            config.linux?.memoryPolicy = .init()
            config.linux?.memoryPolicy?.mode = mode
            if mode != "MPOL_DEFAULT", mode != "MPOL_LOCAL" { config.linux?.memoryPolicy?.nodes = "0" }
            #expect(config.errors == [], "\(mode.text)")
        }
        for flag in listed.flags ?? [] {
            var config = Config.smallest
            config.linux?.memoryPolicy = .init()
            config.linux?.memoryPolicy?.mode = "MPOL_BIND"
            config.linux?.memoryPolicy?.nodes = "0"
            config.linux?.memoryPolicy?.flags = [flag]
            #expect(config.errors == [], "\(flag.text)")
        }
    }

    // Goal: the hooks of the specification. Method: compare.
    @Test func hooks() {
        #expect(
            features.hooks
                == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
    }
}
