// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "examples",
    dependencies: [.package(name: "made", path: "..")],
    targets: [
        .executableTarget(name: "score", dependencies: [.product(name: "MADERows", package: "made")]),
        .executableTarget(name: "repair", dependencies: [.product(name: "MADERows", package: "made")]),
        .executableTarget(
            name: "draw",
            dependencies: [
                .product(name: "MADERows", package: "made"), .product(name: "MADETraining", package: "made"),
            ]),
        .executableTarget(
            name: "stream",
            dependencies: [.product(name: "MADERows", package: "made"), .product(name: "MADE", package: "made")]),
    ]
)
