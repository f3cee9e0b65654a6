// swift-tools-version: 6.2
import PackageDescription

// `postern try` and the sidecar, for `make demo`: the same sources without those that talk to a cluster, so that a first look needs
// ten packages instead of twenty-four. The package above this folder knows nothing of it.

let package = Package(
  name: "postern-demo",
  platforms: [.macOS(.v15)],
  // The versions of the package above.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    .target(name: "Contract"),
    .target(name: "CVector"),
    .target(name: "JSONBytes", dependencies: ["CVector"]),
    .target(name: "TextEncoding", dependencies: ["CVector"]),
    .target(name: "PlainHTTP"),
    .target(name: "PasswordPreparation"),
    .target(name: "DatabaseSpec", dependencies: ["Contract", "JSONBytes"]),
    .target(name: "Provisioning", dependencies: ["DatabaseSpec"]),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPGQuery", providers: [.apt(["libpg-query-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "CLinux"),
    .target(name: "LibPQ", dependencies: ["CLibPQ", "Linux"]),
    .target(name: "OpenSSL", dependencies: ["COpenSSL", "PasswordPreparation", "TextEncoding"]),
    .target(name: "Randomness", dependencies: ["COpenSSL", "DatabaseSpec"]),
    .target(name: "Linux", dependencies: ["CLinux"]),
    .target(name: "LogLine", dependencies: ["JSONBytes", "Linux"]),
    .target(name: "PostgresParser", dependencies: ["CPGQuery"]),
    .target(name: "YAML", dependencies: ["CYAML"]),
    .target(
      name: "PostgresProvisioner",
      dependencies: [
        "Contract", "DatabaseSpec", "JSONBytes", "LibPQ", "Linux", "LogLine", "OpenSSL", "PlainHTTP", "Provisioning",
        "Randomness", "TextEncoding",
      ]),
    .executableTarget(name: "postern-sidecar", dependencies: ["PostgresProvisioner", "Linux"]),
    .target(name: "Declarations", dependencies: ["Contract", "DatabaseSpec", "YAML"]),
    .target(name: "JSONPatch", dependencies: ["JSONBytes"]),
    .target(name: "KubernetesAPI", dependencies: ["JSONBytes", "TextEncoding"]),
    .target(
      name: "Admission",
      dependencies: [
        "Contract", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "KubernetesAPI", "OpenSSL",
        "PostgresParser", "Provisioning", "TextEncoding",
      ]),
    .target(
      name: "Instances",
      dependencies: [
        "Contract", "Admission", "DatabaseSpec", "Declarations", "JSONBytes", "KubernetesAPI", "OpenSSL",
        "TextEncoding",
      ]),
    .target(name: "PrometheusText", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")]),
    .target(
      name: "WebhookServer",
      dependencies: [
        "Linux", "PrometheusText",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ]),
    .target(name: "ThrowawayPostgres", dependencies: ["LibPQ", "Linux"]),
    .executableTarget(
      name: "postern",
      dependencies: [
        "Contract", "Admission", "DatabaseSpec", "Declarations", "Instances", "JSONBytes", "JSONPatch", "KubernetesAPI",
        "LibPQ", "Linux", "OpenSSL", "PostgresProvisioner", "PrometheusText", "Provisioning", "Randomness",
        "TextEncoding", "ThrowawayPostgres", "WebhookServer", "YAML",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Program"),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && !["CLinux", "CVector"].contains(target.name) {
  target.swiftSettings = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
