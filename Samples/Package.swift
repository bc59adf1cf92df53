// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "MantaSamples",
    products: [
        .executable(name: "bank", targets: ["Bank"]),
        .executable(name: "kmeans", targets: ["KMeans"]),
        .executable(name: "wordindex", targets: ["WordIndex"]),
    ],
    dependencies: [
        // Named, because the folder of a clone may be called anything.
        .package(name: "Manta", path: ".."),
        // Options and help of the samples.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // What the samples share and what is not their point: the terminal, tables, chaos.
        .target(
            name: "SampleSupport",
            dependencies: [.product(name: "Manta", package: "Manta")],
            swiftSettings: settings
        ),
        // Moves money between restarting actors from several programs, and counts it at the end.
        .executableTarget(
            name: "Bank",
            dependencies: [
                "SampleSupport",
                .product(name: "Manta", package: "Manta"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        // Clusters rows of numbers: workers read them in place in the store, and the driver adds up.
        .executableTarget(
            name: "KMeans",
            dependencies: [
                "KMeansMath", "SampleSupport",
                .product(name: "Manta", package: "Manta"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        // The part of it that computes and knows of no cluster. A debug build of these loops takes a hundred times as long,
        // so they are always optimized.
        .target(
            name: "KMeansMath",
            dependencies: ["SampleSupport"],
            swiftSettings: settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]
        ),
        .testTarget(
            name: "KMeansMathTests",
            dependencies: ["KMeansMath", "SampleSupport"],
            swiftSettings: settings
        ),
        // Builds an inverted index of text files in actors of several processes.
        .executableTarget(
            name: "WordIndex",
            dependencies: [
                "SampleSupport",
                .product(name: "Manta", package: "Manta"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
    ]
)
