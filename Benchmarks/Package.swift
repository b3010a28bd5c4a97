// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "made-benchmarks",
    dependencies: [.package(name: "made", path: "..")],
    targets: [
        .target(name: "CPeak", cSettings: cSettings),
        // What runs our side of the rounds.
        .executableTarget(
            name: "ours",
            dependencies: [
                "CPeak", .product(name: "MADE", package: "made"), .product(name: "MADERows", package: "made"),
                .product(name: "MADETraining", package: "made"),
            ],
            swiftSettings: swiftSettings),
        // The bare HTTP server that ours is held against.
        .executableTarget(
            name: "barehttp", cSettings: cSettings, linkerSettings: [.linkedLibrary("microhttpd")]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
