// swift-tools-version: 6.2
// hull: a low-level OCI container runtime. `swift build -c release` gives one static executable.
import PackageDescription

/// One fully static executable: no loader, no library lookup, nothing of the host inside the container's process.
let release: BuildSettingCondition = .when(platforms: [.linux], configuration: .release)

/// Every module: Swift 6, warnings are errors, unsafe code is visible, imports are honest.
let swift: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-static-stdlib"], release),
    // A section for each function: only then can the linker put them in order.
    .unsafeFlags(["-Xfrontend", "-function-sections"], release),
    // The metadata of generic types: in the program where it is known, and made by calls instead of from mangled names,
    // which the runtime would have to take apart first. With it a `run` is a sixth fewer instructions.
    .unsafeFlags(["-Xfrontend", "-prespecialize-generic-metadata"], release),
    .unsafeFlags(["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"], release),
]
/// Of one thread: hull has no other and makes sure of that before each clone; hull-image's second one is HullArchive's,
/// and sees no value of these. References are counted without locked instructions.
let oneThread = swift + [.unsafeFlags(["-Xfrontend", "-assume-single-threaded"], release)]
/// The functions of the usual verbs side by side, so that few pages of the program have to be in memory: with it the
/// peak of a `run` is 3.8 MiB, without it 5.9. scripts/hot-symbols writes the file; names in it that are gone do no
/// harm.
let hotSymbols = [
    "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/hot-symbols.txt",
    "-Xlinker", "--no-warn-symbol-ordering",
    "-Xlinker", "--script=\(Context.packageDirectory)/sections.ld",
]
/// HULL_COMMIT=$(git rev-parse HEAD) swift build: what `hull --version` says.
let commit: [SwiftSetting] =
    Context.environment["HULL_COMMIT"].map {
        [.unsafeFlags(["-Xcc", "-DHULL_COMMIT=\"\($0)\""])]
    } ?? []
/// Tests may use Foundation and are less strict about imports.
let tests: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// HULL_FUZZ=1 swift build --sanitize=fuzzer: scripts/fuzz. libFuzzer brings `main`, so no other build has it.
let fuzzer: [Target] =
    Context.environment["HULL_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Entry",
            swiftSettings: tests + [.unsafeFlags(["-parse-as-library"])])
    ]

let package = Package(
    name: "hull",
    targets: [
        // libc and kernel: constants, one-line wrappers, the clone trampoline, the last mile to execve.
        .target(name: "CHull", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])]),
        // Protects the executable before libc and the Swift runtime start; linked into `hull` alone, never into tests.
        .target(
            name: "CHullSeal",
            cSettings: [
                .unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-stack-protector"]),
                .define("HULL_STATIC", release),
            ]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),

        // The commit that the build was made from.
        .target(name: "CVersion"),

        // The product, bottom to top. Each boundary forbids one thing: Specs/modules.md.
        .target(name: "HullBytes", swiftSettings: swift),
        .target(name: "HullLinux", dependencies: ["HullBytes", "CHull", "CSeccomp", "CCap"], swiftSettings: swift),
        .target(name: "HullKernel", dependencies: ["HullBytes", "HullLinux", "CHull"], swiftSettings: swift),
        .target(name: "HullOCI", dependencies: ["HullBytes"], swiftSettings: swift),
        .target(name: "HullPlan", dependencies: ["HullBytes", "HullOCI", "HullLinux"], swiftSettings: oneThread),
        .target(
            name: "HullInit", dependencies: ["HullBytes", "HullPlan", "HullKernel", "HullLinux"],
            swiftSettings: oneThread),
        .target(
            name: "HullRuntime",
            dependencies: ["HullBytes", "HullInit", "HullPlan", "HullOCI", "HullKernel", "HullLinux"],
            swiftSettings: oneThread),
        .target(
            name: "HullCommandLine", dependencies: ["HullBytes", "HullPlan", "HullOCI"], swiftSettings: swift),
        .executableTarget(
            name: "hull",
            dependencies: [
                "CHullSeal", "CVersion", "HullBytes", "HullCommandLine", "HullRuntime", "HullPlan", "HullOCI",
            ],
            swiftSettings: oneThread + commit,
            linkerSettings: [
                .unsafeFlags(["-Xlinker", "--entry=hull_start"], .when(platforms: [.linux])),
                .unsafeFlags(["-static-executable", "-use-ld=lld"] + hotSymbols, release),
            ]),

        // Images: separate from the runtime, which links none of these libraries.
        .target(
            name: "CArchive", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])],
            linkerSettings: ["archive", "isal", "z", "zstd", "crypto"].map { .linkedLibrary($0) }),
        .target(name: "HullArchive", dependencies: ["HullBytes", "CArchive"], swiftSettings: swift),
        .target(name: "HullImage", dependencies: ["HullBytes", "HullOCI"], swiftSettings: swift),
        .target(
            name: "HullLayers",
            dependencies: ["HullBytes", "HullOCI", "HullImage", "HullArchive", "HullLinux", "HullKernel"],
            swiftSettings: swift),

        .executableTarget(
            name: "hull-image",
            dependencies: [
                "HullBytes", "HullCommandLine", "HullImage", "HullLayers", "HullKernel", "HullLinux", "HullOCI",
                "HullPlan",
            ],
            swiftSettings: swift, linkerSettings: [.unsafeFlags(["-static-stdlib"], release)]),

        .testTarget(
            name: "LayersTests",
            dependencies: [
                "HullBytes", "HullOCI", "HullLinux", "HullKernel", "HullImage", "HullArchive", "HullLayers", "Support",
            ], swiftSettings: tests),
        .testTarget(
            name: "OCITests", dependencies: ["HullBytes", "HullOCI", "Support"], exclude: ["Schema"],
            swiftSettings: tests),
        .testTarget(
            name: "ImageTests", dependencies: ["HullBytes", "HullOCI", "HullImage", "HullPlan", "HullCommandLine"],
            swiftSettings: tests),
        .testTarget(
            name: "PlanTests",
            dependencies: [
                "HullBytes", "HullOCI", "HullLinux", "HullPlan", "HullCommandLine", "CSeccomp", "Oracles", "Support",
            ],
            exclude: ["Fixtures"], swiftSettings: tests),
        .testTarget(name: "LinuxTests", dependencies: ["HullBytes", "HullLinux"], swiftSettings: tests),
        .testTarget(
            name: "KernelTests", dependencies: ["HullBytes", "HullLinux", "HullKernel", "Support"],
            swiftSettings: tests),
        .testTarget(
            name: "InitTests",
            dependencies: ["HullBytes", "HullLinux", "HullKernel", "HullOCI", "HullPlan", "HullInit", "Support"],
            swiftSettings: tests),
        // Tests that need a process of one thread: a program, which AloneTests runs.
        .executableTarget(
            name: "alone",
            dependencies: [
                "HullBytes", "HullLinux", "HullKernel", "HullOCI", "HullPlan", "HullInit", "HullRuntime", "Support",
            ], path: "Tests/Alone", swiftSettings: tests),
        .testTarget(name: "AloneTests", dependencies: ["Support"], swiftSettings: tests),
        // What programs for the kernel must answer, said a second time.
        .target(
            name: "Oracles", dependencies: ["HullBytes", "HullOCI", "HullLinux", "HullPlan"], path: "Tests/Oracles",
            swiftSettings: tests),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "HullBytes", "HullOCI", "HullLinux", "HullPlan", "HullKernel", "HullRuntime", "HullArchive",
                "HullImage", "HullLayers", "Oracles",
            ], path: "Tests/Fuzz/Targets", swiftSettings: tests),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: tests),
        .target(name: "CSupport", path: "Tests/Support/C"),
        .target(
            name: "Support", dependencies: ["CSupport"], path: "Tests/Support", exclude: ["C"],
            swiftSettings: tests),
        .testTarget(name: "Conformance", dependencies: ["Support"], exclude: ["CLAUSES.md"], swiftSettings: tests),
        .testTarget(name: "Workloads", dependencies: ["Support"], exclude: ["app"], swiftSettings: tests),
        .testTarget(name: "Faults", dependencies: ["Support"], exclude: ["strike.c"], swiftSettings: tests),
        .testTarget(
            name: "Attacks", dependencies: ["Support"], exclude: ["attacker.c", "step.c", "weak.c"],
            swiftSettings: tests),
        .testTarget(
            name: "CommandLineTests", dependencies: ["HullBytes", "HullOCI", "HullCommandLine"], swiftSettings: tests),
        .testTarget(
            name: "RuntimeTests",
            dependencies: ["HullBytes", "HullLinux", "HullRuntime", "HullPlan", "HullOCI", "HullKernel", "Support"],
            swiftSettings: tests),
    ] + fuzzer
)
