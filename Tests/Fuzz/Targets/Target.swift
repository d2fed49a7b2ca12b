// SPDX-License-Identifier: Apache-2.0

/// Something that takes bytes from outside, and an oracle that says whether it dealt with them rightly. libFuzzer makes
/// the bytes (scripts/fuzz), and so does the suite FuzzTests, without a special build.
package struct FuzzTarget: Sendable {
    /// Also the name of the directory with its corpus.
    package let name: String
    /// What is wrong; nil where nothing is.
    package let check: @Sendable ([UInt8]) -> String?

    /// In the order of Specs/Fuzzing.md.
    package static let all: [FuzzTarget] = [
        FuzzTarget(name: "config", check: ConfigTarget.check),
        FuzzTarget(name: "differential", check: DifferentialTarget.check),
        FuzzTarget(name: "mountoptions", check: MountOptionsTarget.check),
        FuzzTarget(name: "idmaps", check: IDMapsTarget.check),
        FuzzTarget(name: "cgroups", check: CgroupsTarget.check),
        FuzzTarget(name: "resources", check: ResourcesTarget.check),
        FuzzTarget(name: "state", check: StateTarget.check),
        FuzzTarget(name: "seccomp", check: SeccompTarget.check),
        FuzzTarget(name: "devices", check: DevicesTarget.check),
        FuzzTarget(name: "words", check: WordsTarget.check),
        FuzzTarget(name: "procfs", check: ProcfsTarget.check),
        FuzzTarget(name: "messages", check: MessagesTarget.check),
        FuzzTarget(name: "layers", check: LayersTarget.check),
        FuzzTarget(name: "criu", check: CRIUTarget.check),
    ]
}
