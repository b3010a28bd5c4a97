// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
// What computes, and what tests compute with: unoptimised it takes ten times as long. Only where it is asked for, as packages
// with flags of their own cannot be depended on.
let computing = swiftSettings + (Context.environment["TESTED_BUILD"] == nil ? [] : [.unsafeFlags(["-O"])])
let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "made",
    products: [
        .executable(name: "made", targets: ["made"]),
        .library(name: "MADE", targets: ["MADE"]),
        .library(name: "MADERows", targets: ["MADERows"]),
        .library(name: "MADETraining", targets: ["MADETraining"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        // TLS, for which libmicrohttpd brings it along, and hashes.
        .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CMicrohttpdShim", dependencies: ["CMicrohttpd"], cSettings: cSettings),
        .target(name: "CStaircase", cSettings: cSettings),
        .target(
            name: "CRows",
            cxxSettings: [.treatAllWarnings(as: .error)],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("utf8proc")]),
        // The files of the web pages, as bytes.
        .target(name: "CPage", exclude: ["files"], cSettings: cSettings),
        .target(name: "Microhttpd", dependencies: ["CMicrohttpdShim", "CGnuTLS"], swiftSettings: swiftSettings),
        .target(name: "MADE", dependencies: ["CStaircase"], swiftSettings: computing),
        .target(name: "Codecs", dependencies: ["CZlib", "CZstd"], swiftSettings: swiftSettings),
        .target(name: "MADERows", dependencies: ["CRows", "MADE", "Codecs"], swiftSettings: computing),
        .target(
            name: "MADETraining", dependencies: ["MADERows", "MADE", "CStaircase"], swiftSettings: computing),
        .target(
            name: "DensityService",
            dependencies: [
                "Microhttpd", "CGnuTLS", "CYAML", "CPage", "Codecs", "CRows", "MADERows", "MADE",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "made",
            dependencies: [
                "DensityService", "MADETraining", "MADERows", "MADE",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),

        // The slow, double-precision reference that the fast code is held against.
        .target(
            name: "Oracle", dependencies: ["MADE", "MADERows"], path: "Tests/Oracle", swiftSettings: computing),
        // A client that sends exactly the bytes it is given.
        .target(name: "RawHTTP", dependencies: ["CGnuTLS"], path: "Tests/RawHTTP", swiftSettings: computing),
        // The built program, as a user runs it.
        .target(
            name: "MadeProgram", dependencies: ["RawHTTP"], path: "Tests/MadeProgram", swiftSettings: swiftSettings),
        .testTarget(name: "CStaircaseTests", dependencies: ["CStaircase"], swiftSettings: computing),
        .testTarget(
            name: "MADETests", dependencies: ["MADE", "Oracle"], resources: [.copy("Fixtures")],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "MADERowsTests", dependencies: ["MADERows", "Codecs", "MADE", "Oracle"], swiftSettings: swiftSettings),
        .testTarget(
            name: "MADETrainingTests", dependencies: ["MADETraining", "MADERows", "Oracle"],
            swiftSettings: swiftSettings),
        .testTarget(name: "MicrohttpdTests", dependencies: ["Microhttpd", "RawHTTP"], swiftSettings: swiftSettings),
        .testTarget(name: "CRowsTests", dependencies: ["CRows"], swiftSettings: swiftSettings),
        .testTarget(
            name: "DensityServiceTests", dependencies: ["DensityService", "Codecs", "MADERows", "Oracle", "RawHTTP"],
            swiftSettings: swiftSettings),
        // The verbs of the program, and what it serves.
        .testTarget(
            name: "ProgramTests",
            dependencies: ["made", "MadeProgram", "MADETraining", "MADERows", "MADE", "RawHTTP"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ServingTests",
            dependencies: ["made", "MadeProgram", "Codecs", "MADE", "Oracle", "RawHTTP"], swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17,
    cxxLanguageStandard: .gnucxx20
)

// What the sanitizers do not run (`make sanitize`) need not be built for them.
if Context.environment["SANITIZED_BUILD"] != nil {
    let tests = ["MADETests", "MADERowsTests", "MADETrainingTests", "ProgramTests", "ServingTests"]
    let left = Set(["made", "MADETraining"] + tests)
    package.targets.removeAll { left.contains($0.name) }
    package.products.removeAll { ["made", "MADETraining"].contains($0.name) }
}

// `make fuzz`: the service and its readers under libFuzzer.
if Context.environment["FUZZED_BUILD"] != nil {
    package.targets.removeAll { $0.isTest || ["made", "MADETraining", "Oracle"].contains($0.name) }
    package.products = []
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/CFuzzer", cSettings: cSettings),
        .executableTarget(
            name: "Fuzzing",
            dependencies: ["CFuzzer", "Codecs", "DensityService", "MADERows", "MADE", "RawHTTP"],
            path: "Tests/Fuzzing", exclude: ["Seeds", "run"], swiftSettings: swiftSettings),
    ]
}
