// swift-tools-version: 6.2
import PackageDescription

// The parsers that read bytes from outside, under libFuzzer: `make fuzz` builds and runs them. The package above this
// folder does not refer to it.

let package = Package(
  name: "postern-fuzz",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CFuzzer", path: "CFuzzer"),
    .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CPGQuery", path: "Sources/CPGQuery"),
    .target(name: "CVector", path: "Sources/CVector"),
    .target(name: "TextEncoding", dependencies: ["CVector"], path: "Sources/TextEncoding"),
    .target(name: "PlainHTTP", path: "Sources/PlainHTTP"),
    .target(name: "PasswordPreparation", path: "Sources/PasswordPreparation"),
    .target(
      name: "OpenSSL", dependencies: ["COpenSSL", "PasswordPreparation", "TextEncoding"], path: "Sources/OpenSSL"),
    .target(name: "PostgresParser", dependencies: ["CPGQuery"], path: "Sources/PostgresParser"),
    .target(name: "Contract", path: "Sources/Contract"),
    .target(name: "JSONBytes", dependencies: ["CVector"], path: "Sources/JSONBytes"),
    .target(name: "DatabaseSpec", dependencies: ["Contract", "JSONBytes"], path: "Sources/DatabaseSpec"),
    .target(name: "Provisioning", dependencies: ["DatabaseSpec"], path: "Sources/Provisioning"),
    .systemLibrary(name: "CYAML", path: "Sources/CYAML", pkgConfig: "yaml-0.1"),
    .target(name: "YAML", dependencies: ["CYAML"], path: "Sources/YAML"),
    .target(
      name: "Declarations", dependencies: ["Contract", "DatabaseSpec", "YAML"], path: "Sources/Declarations"),
    .target(name: "JSONPatch", dependencies: ["JSONBytes"], path: "Sources/JSONPatch"),
    .target(name: "KubernetesAPI", dependencies: ["JSONBytes", "TextEncoding"], path: "Sources/KubernetesAPI"),
    .target(
      name: "Admission",
      dependencies: [
        "Contract", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "KubernetesAPI", "OpenSSL",
        "PostgresParser",
        "Provisioning", "TextEncoding",
      ], path: "Sources/Admission"),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Admission", "CPGQuery", "DatabaseSpec", "Declarations", "JSONBytes", "JSONPatch", "PlainHTTP",
        "PostgresParser", "Provisioning", "TextEncoding",
      ], path: "FuzzTargets"),
    .executableTarget(
      name: "postern-fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Driver",
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.name != "CVector" {
  target.swiftSettings = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags([
      "-sanitize=fuzzer", "-sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table",
    ]),
  ]
}
