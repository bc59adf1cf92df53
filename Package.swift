// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Manta",
    products: [
        // All that a program needs: `import Manta`.
        .library(name: "Manta", targets: ["Manta"]),
        // For tests of programs: clusters whose nodes can fail.
        .library(name: "MantaTestKit", targets: ["MantaTestKit"]),
        // The tool that starts nodes, and says what a cluster does.
        .executable(name: "manta", targets: ["MantaCLI"]),
    ],
    dependencies: [
        // The logging API that servers in Swift share.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // `Deque` for the queues of the data path, `Heap` for what is due later.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Reads MANTA_… variables. Without its traits it needs no more of Foundation than FoundationEssentials.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        // The command lines of our own tools.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // SQLite for the durable directory of a head; programs do not link it.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Linux calls that Swift's Glibc module lacks: epoll, pidfd, posix_spawn with closefrom, peer credentials.
        .target(name: "CMantaShims"),

        // Identifiers, resources, options, errors: plain values, depends on nothing.
        .target(name: "MantaCore", swiftSettings: settings),
        .testTarget(name: "MantaCoreTests", dependencies: ["MantaCore"], swiftSettings: settings),

        // Bytes in, values out: CBOR and the frames of a link.
        .target(name: "MantaWire", dependencies: ["MantaCore"], swiftSettings: settings),
        .testTarget(
            name: "MantaWireTests",
            dependencies: ["MantaCore", "MantaWire", "Manta"],
            swiftSettings: settings
        ),

        // Resource accounting and placement: pure.
        .target(
            name: "MantaScheduling",
            dependencies: ["MantaCore", .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaSchedulingTests",
            dependencies: ["MantaCore", "MantaScheduling", "MantaTestSupport"],
            swiftSettings: settings
        ),

        // The system's OpenSSL (libssl-dev).
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // What of it Swift cannot import, and the records of a connection on their way to a socket.
        .target(name: "CMantaTLS", dependencies: ["COpenSSL"]),
        // TLS 1.3 between nodes, by the cluster's secret or by certificates.
        .target(
            name: "MantaTLS",
            dependencies: ["COpenSSL", "CMantaTLS", "MantaCore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaTLSTests",
            dependencies: ["COpenSSL", "CMantaShims", "MantaCore", "MantaTLS", "MantaTestSupport"],
            swiftSettings: settings
        ),

        // Lanes, and the links that they serve.
        .target(
            name: "MantaTransport",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaWire", "MantaTLS",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaTransportTests",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaTLS", "MantaWire", "MantaTransport", "MantaTestSupport",
            ],
            swiftSettings: settings
        ),

        // One node's objects in shared memory, as each of its processes sees them, and who refers to which object.
        .target(
            name: "MantaObjectStore",
            dependencies: ["CMantaShims", "MantaCore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaObjectStoreTests",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaObjectStore", "MantaTestSupport", "manta-store-torture",
            ],
            swiftSettings: settings
        ),
        // Kills processes that share an object store; its tests, and whoever has a night to spare, run it.
        .executableTarget(
            name: "manta-store-torture",
            dependencies: ["CMantaShims", "MantaCore", "MantaObjectStore"],
            swiftSettings: settings
        ),

        // The system's LZ4 (liblz4-dev).
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        // Objects on their way: between the stores of nodes, and to disk and back.
        .target(
            name: "MantaObjectTransfer",
            dependencies: [
                "CLZ4", "CMantaShims", "MantaCore", "MantaTLS", "MantaTransport", "MantaObjectStore",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaObjectTransferTests",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaTLS", "MantaTransport", "MantaObjectStore",
                "MantaObjectTransfer",
                "MantaTestSupport",
            ],
            swiftSettings: settings
        ),

        // The distributed actor system: calls out, calls in, and the part of a process in them.
        .target(
            name: "MantaRuntime",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaWire", "MantaTransport", "MantaObjectStore",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaRuntimeTests",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaWire", "MantaTransport", "MantaRuntime", "MantaTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),

        // The directory of nodes, processes and actors, and the service over it.
        .target(
            name: "MantaGCS",
            dependencies: [
                "MantaCore", "MantaWire", "MantaScheduling", "MantaTransport", "MantaRuntime",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaGCSTests",
            dependencies: [
                "MantaCore", "MantaWire", "MantaScheduling", "MantaRuntime", "MantaGCS", "MantaTestSupport",
                "MantaTransport", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),

        // Where a head keeps its directory: a file of SQLite, or etcd.
        .target(
            name: "MantaStorage",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaWire", "MantaGCS",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaStorageTests",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaGCS", "MantaStorage", "MantaTestSupport",
                "manta-directory-torture",
            ],
            swiftSettings: settings
        ),
        // Kills processes that write a directory, and damages its files; its tests run it.
        .executableTarget(
            name: "manta-directory-torture",
            dependencies: ["CMantaShims", "MantaCore", "MantaGCS", "MantaStorage"],
            swiftSettings: settings
        ),

        // One per node: admission, and the pool of worker processes.
        .target(
            name: "MantaRaylet",
            dependencies: [
                "CMantaShims", "CMantaTLS", "MantaCore", "MantaScheduling", "MantaTransport", "MantaRuntime",
                "MantaGCS", "MantaObjectStore", "MantaObjectTransfer",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaRayletTests",
            dependencies: [
                "MantaCore", "MantaTransport", "MantaObjectStore", "MantaObjectTransfer", "MantaRuntime",
                "MantaGCS", "MantaRaylet", "MantaTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),

        // The public API.
        .target(
            name: "Manta",
            dependencies: [
                "CMantaShims", "MantaCore", "MantaWire", "MantaTransport", "MantaRuntime", "MantaGCS",
                "MantaRaylet", "MantaObjectStore", "MantaObjectTransfer",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "MantaCLI",
            dependencies: [
                "CMantaShims", "Manta", "MantaCore", "MantaStorage", "MantaGCS", "MantaRaylet", "MantaTLS",
                "MantaTransport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),

        .testTarget(
            name: "MantaCLITests",
            dependencies: [
                "MantaCLI", "MantaCore", "MantaGCS", "MantaTestSupport", "MantaClusterDriver",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),

        // Real processes: drivers, workers, signals.
        .testTarget(
            name: "ProcessTests",
            dependencies: ["CMantaShims", "Manta", "MantaTestSupport", "MantaTestDriver"],
            swiftSettings: settings
        ),
        // A program like a user's, for tests of what a program does when it ends.
        .executableTarget(
            name: "MantaTestDriver",
            dependencies: ["Manta", "MantaTestKit"],
            swiftSettings: settings
        ),

        // A program like a user's, for tests and benchmarks on several machines.
        .executableTarget(name: "MantaClusterDriver", dependencies: ["Manta"], swiftSettings: settings),
        // Daemons on hosts that are network namespaces.
        .testTarget(
            name: "ClusterTests",
            dependencies: ["MantaTestSupport", "MantaCLI", "MantaClusterDriver"],
            swiftSettings: settings
        ),

        // Clusters for tests, of users and of our own, whose nodes can be killed, paused and cut off.
        .target(
            name: "MantaTestKit",
            dependencies: [
                "CMantaShims", "Manta", "MantaCore", "MantaGCS", "MantaRaylet", "MantaRuntime",
                "MantaTransport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MantaTestKitTests",
            dependencies: [
                "Manta", "MantaCore", "MantaGCS", "MantaRuntime", "MantaTestKit", "MantaTestSupport",
                "MantaTransport",
            ],
            swiftSettings: settings
        ),

        // A whole cluster's control plane in virtual time, from one seed; `scripts/simulate` runs many.
        .target(
            name: "MantaSimulation",
            dependencies: [
                "MantaCore", "MantaWire", "MantaScheduling", "MantaRuntime", "MantaGCS", "MantaRaylet",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "SimulationTests", dependencies: ["MantaSimulation"], swiftSettings: settings),
        .executableTarget(
            name: "manta-simulate",
            dependencies: [
                "MantaCore", "MantaSimulation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),

        // What tests share: clusters with a ledger of what they leave behind, seeded random numbers.
        .target(
            name: "MantaTestSupport",
            dependencies: ["MantaCore", "MantaTransport", "MantaRuntime", "Manta"],
            swiftSettings: settings
        ),
    ]
)
