// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that who uses `made` never builds it.
let package = Package(
    name: "made-benchmarks",
    dependencies: [.package(name: "made", path: "..")],
    targets: [
        .target(name: "CPeak", cSettings: [.treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "KernelBenchmark", dependencies: ["CPeak", .product(name: "MADE", package: "made")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
