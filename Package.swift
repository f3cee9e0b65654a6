// swift-tools-version: 6.2
import PackageDescription

// docs/architecture.md lists the targets. Pure targets import no IO; `shared` targets are also what
// the sidecar links: no Foundation, no NIO, no async, typed throws, so that Embedded Swift can build them.

let package = Package(
  name: "postern",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "postern", targets: ["postern"]),
    .executable(name: "postern-sidecar", targets: ["postern-sidecar"]),
  ],
  // Exact versions; scripts/package-versions lists the packages that these need.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    // Shared by both programs
    .target(name: "Contract"),
    .target(name: "CVector"),
    .target(name: "JSONBytes", dependencies: ["CVector"]),
    .target(name: "TextEncoding", dependencies: ["CVector"]),
    .target(name: "PlainHTTP"),
    .target(name: "PasswordPreparation"),
    .target(name: "DatabaseSpec", dependencies: ["Contract", "JSONBytes"]),
    .target(name: "Provisioning", dependencies: ["DatabaseSpec"]),

    // The only places where unsafe code may be: each wraps one C interface. All but the parser are shared
    .systemLibrary(
      name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CLinux"),
    .target(name: "LibPQ", dependencies: ["CLibPQ", "Linux"]),
    .target(name: "OpenSSL", dependencies: ["COpenSSL", "PasswordPreparation", "TextEncoding"]),
    .target(name: "Randomness", dependencies: ["COpenSSL", "DatabaseSpec"]),
    .target(name: "Linux", dependencies: ["CLinux"]),
    .target(name: "LogLine", dependencies: ["JSONBytes", "Linux"]),

    .systemLibrary(
      name: "CPGQuery", pkgConfig: Context.environment["POSTERN_STATIC"].map { _ in "libpg_query" },
      providers: [.apt(["libpg-query-dev"])]),
    .target(name: "PostgresParser", dependencies: ["CPGQuery"]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "YAML", dependencies: ["CYAML"]),

    // The sidecar
    .target(
      name: "PostgresProvisioner",
      dependencies: [
        "Contract", "DatabaseSpec", "JSONBytes", "LibPQ", "Linux", "LogLine", "OpenSSL", "PlainHTTP", "Provisioning",
        "Randomness", "TextEncoding",
      ]),
    .executableTarget(name: "postern-sidecar", dependencies: ["PostgresProvisioner", "Linux"]),

    // The webhook: pure
    .target(name: "Declarations", dependencies: ["Contract", "DatabaseSpec", "YAML"]),
    .target(name: "JSONPatch", dependencies: ["JSONBytes"]),
    .target(name: "KubernetesAPI", dependencies: ["JSONBytes", "TextEncoding"]),
    .target(
      name: "Admission",
      dependencies: [
        "Contract", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "KubernetesAPI", "OpenSSL",
        "PostgresParser",
        "Provisioning", "TextEncoding",
      ]),
    .target(
      name: "Instances",
      dependencies: [
        "Contract", "Admission", "DatabaseSpec", "Declarations", "JSONBytes", "KubernetesAPI", "OpenSSL",
        "TextEncoding",
      ]),

    // The webhook: IO
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
    .target(
      name: "KubernetesClient",
      dependencies: [
        "Contract", "JSONBytes", "KubernetesAPI", "Linux", "PrometheusText", "TextEncoding", "YAML",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .target(
      name: "LeaderElection",
      dependencies: [
        "Contract", "JSONBytes", "KubernetesAPI", "KubernetesClient", "Linux", "PrometheusText",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Controller",
      dependencies: [
        "Contract", "Admission", "DatabaseSpec", "Declarations", "Instances", "JSONBytes", "KubernetesAPI",
        "KubernetesClient", "Linux",
        "OpenSSL", "PrometheusText", "Randomness", "TextEncoding",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "ServingCertificate",
      dependencies: [
        "Contract", "JSONBytes", "KubernetesAPI", "KubernetesClient", "Linux", "TextEncoding",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]),
    // A Postgres for `postern try` and the tests: made by initdb, removed with its owner
    .target(name: "ThrowawayPostgres", dependencies: ["LibPQ", "Linux"]),

    .executableTarget(
      name: "postern",
      dependencies: [
        "Contract", "Admission", "Controller", "DatabaseSpec", "Declarations", "Instances", "JSONBytes",
        "JSONPatch", "KubernetesAPI",
        "KubernetesClient", "LeaderElection", "LibPQ", "Linux", "LogLine", "OpenSSL", "PostgresProvisioner",
        "PostgresParser", "PrometheusText",
        "Provisioning", "Randomness", "TextEncoding",
        "ServingCertificate", "ThrowawayPostgres", "WebhookServer", "YAML",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),

    // What several test targets need
    .target(
      name: "TestSupport",
      dependencies: [
        "JSONBytes", "KubernetesAPI", "KubernetesClient", "Linux", "PrometheusText", "ThrowawayPostgres",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ], path: "Tests/TestSupport"),
    // Threads for tests that block
    .target(name: "TestThreads", path: "Tests/TestThreads"),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CPGQuery", "Contract", "Admission", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "PlainHTTP",
        "PostgresParser", "Provisioning", "TextEncoding",
      ], path: "Tests/FuzzTargets"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], exclude: ["Corpus"]),
    // A program whose instructions are counted, and the tests that count them
    .executableTarget(
      name: "growth",
      dependencies: ["Admission", "Contract", "DatabaseSpec", "Declarations", "JSONBytes", "KubernetesAPI"],
      path: "Tests/Growth"),
    .testTarget(name: "GrowthTests", dependencies: ["TestThreads", "Linux", "growth"]),
    .testTarget(
      name: "ContractTests", dependencies: ["Contract"]),
    .testTarget(name: "CVectorTests", dependencies: ["CVector"]),
    .testTarget(name: "JSONBytesTests", dependencies: ["JSONBytes"]),
    .testTarget(name: "DatabaseSpecTests", dependencies: ["DatabaseSpec", "JSONBytes"]),
    .testTarget(name: "DeclarationsTests", dependencies: ["DatabaseSpec", "Declarations"]),
    .testTarget(name: "JSONPatchTests", dependencies: ["JSONBytes", "JSONPatch"]),
    .testTarget(name: "KubernetesAPITests", dependencies: ["JSONBytes", "KubernetesAPI"]),
    .testTarget(
      name: "AdmissionTests",
      dependencies: [
        "Admission", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "KubernetesAPI", "LibPQ",
        "PostgresParser", "ThrowawayPostgres",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "InstancesTests",
      dependencies: ["Admission", "Contract", "DatabaseSpec", "Declarations", "Instances", "JSONBytes", "TextEncoding"]),
    .testTarget(
      name: "LeaderElectionTests",
      dependencies: [
        "JSONBytes", "KubernetesAPI", "KubernetesClient", "LeaderElection", "PrometheusText", "TestSupport",
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .testTarget(
      name: "ControllerTests",
      dependencies: [
        "Contract", "Admission", "Controller", "DatabaseSpec", "Declarations", "Instances", "JSONBytes",
        "KubernetesAPI",
        "KubernetesClient", "Linux",
        "PrometheusText", "TestSupport", "TextEncoding",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .testTarget(
      name: "ServingCertificateTests",
      dependencies: [
        "JSONBytes", "KubernetesAPI", "KubernetesClient", "Linux", "PrometheusText", "ServingCertificate",
        "TestSupport", "TextEncoding", "WebhookServer",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]),
    .testTarget(name: "PlainHTTPTests", dependencies: ["PlainHTTP"]),
    .testTarget(name: "ProvisioningTests", dependencies: ["DatabaseSpec", "Provisioning"]),
    .testTarget(name: "LibPQTests", dependencies: ["TestThreads", "LibPQ", "ThrowawayPostgres"]),
    .testTarget(name: "LogLineTests", dependencies: ["LogLine"]),
    .testTarget(
      name: "OpenSSLTests", dependencies: ["TestThreads", "LibPQ", "OpenSSL", "TextEncoding", "ThrowawayPostgres"]),
    .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),
    .testTarget(name: "TextEncodingTests", dependencies: ["TextEncoding"]),
    .testTarget(name: "PostgresParserTests", dependencies: ["PostgresParser"]),
    .testTarget(name: "YAMLTests", dependencies: ["YAML"]),
    .testTarget(name: "LinuxTests", dependencies: ["TestThreads", "Linux"]),
    .testTarget(name: "PasswordPreparationTests", dependencies: ["PasswordPreparation"]),
    .testTarget(name: "ThrowawayPostgresTests", dependencies: ["TestThreads", "LibPQ", "ThrowawayPostgres"]),
    .testTarget(
      name: "PostgresProvisionerTests",
      dependencies: [
        "TestThreads",
        "Contract", "DatabaseSpec", "LibPQ", "Linux", "LogLine", "OpenSSL", "PostgresProvisioner", "Provisioning",
        "TextEncoding",
        "ThrowawayPostgres",
      ]),
    .testTarget(
      name: "PrometheusTextTests",
      dependencies: ["PrometheusText", .product(name: "CoreMetrics", package: "swift-metrics")]),
    .testTarget(
      name: "WebhookServerTests",
      dependencies: [
        "PrometheusText", "TestSupport", "WebhookServer",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ]),
    .testTarget(
      name: "KubernetesClientTests",
      dependencies: [
        "JSONBytes", "KubernetesAPI", "KubernetesClient", "Linux", "PrometheusText", "TestSupport",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ]),
    .testTarget(
      name: "PosternTests",
      dependencies: [
        "TestThreads",
        "Contract", "Admission", "Declarations", "JSONBytes", "KubernetesAPI", "KubernetesClient", "LibPQ", "Linux",
        "LogLine",
        "PostgresProvisioner", "ServingCertificate", "TestSupport", "TextEncoding", "ThrowawayPostgres",
        "WebhookServer", "postern",
        "postern-sidecar",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Fixtures")]),
  ],
  swiftLanguageModes: [.v6]
)

// What ships links no shared library: scripts/build-postern.
if Context.environment["POSTERN_STATIC"] != nil {
  package.targets.append(.target(name: "CStatic", dependencies: ["COpenSSL"], publicHeadersPath: "."))
  package.targets.first { $0.name == "postern" }?.dependencies.append("CStatic")
}

let names = Context.environment["POSTERN_TARGETS"]?.split(separator: " ").map(String.init)

// For `make demo`: `postern` with `try` alone, from the folder demo, without what talks to a cluster, so that a first look needs
// ten packages instead of twenty-four. Nobody else builds it, so it is there only where it is asked for.
if names?.contains("postern-demo") == true, let postern = package.targets.first(where: { $0.name == "postern" }) {
  let dependencies = postern.dependencies.filter { dependency in
    guard case .byNameItem(let name, _) = dependency else { return true }
    return !["Controller", "KubernetesClient", "LeaderElection", "ServingCertificate"].contains(name)
  }
  package.targets.append(.executableTarget(name: "postern-demo", dependencies: dependencies, path: "demo"))
}

// `POSTERN_TARGETS="ProvisioningTests postern-sidecar" swift test` builds these targets and what they need, and fetches
// and compiles nothing else (CONTRIBUTING.md).
if let names {
  var needed: Set<String> = []
  var packages: Set<String> = []
  var open = names
  while let name = open.popLast() {
    guard needed.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { continue }
    for dependency in target.dependencies {
      switch dependency {
      case .targetItem(let name, _), .byNameItem(let name, _): open.append(name)
      case .productItem(_, let package?, _, _): packages.insert(package)
      default: break
      }
    }
  }
  package.targets.removeAll { !needed.contains($0.name) }
  package.products.removeAll { product in !needed.contains(product.name) }
  package.dependencies.removeAll { dependency in
    guard case .sourceControl(_, let location, _) = dependency.kind else { return false }
    return !packages.contains { location.hasSuffix("/\($0)") }
  }
}

// One place for the settings of every Swift target.
for target in package.targets where target.type != .system && !["CLinux", "CStatic", "CVector"].contains(target.name) {
  target.swiftSettings = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
