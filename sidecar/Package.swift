// swift-tools-version: 6.2
import PackageDescription

// The sidecar as it ships: the same sources as Embedded Swift, wholly static. `make sidecar` builds it, and
// docs/sidecar-build.md says why it is so. The package above this folder knows nothing of it.

let package = Package(
  name: "postern-sidecar",
  targets: [
    // scripts/build-sidecar gives their folder, which is not that of the shared libraries.
    .systemLibrary(name: "CLibPQ"),
    .systemLibrary(name: "COpenSSL"),
    .target(name: "CLinux"),
    .target(name: "CStatic", dependencies: ["COpenSSL"], publicHeadersPath: "."),
    .target(name: "Contract"),
    .target(name: "CVector"),
    .target(name: "JSONBytes", dependencies: ["CVector"]),
    .target(name: "TextEncoding", dependencies: ["CVector"]),
    .target(name: "PlainHTTP"),
    .target(name: "PasswordPreparation"),
    .target(name: "DatabaseSpec", dependencies: ["Contract", "JSONBytes"]),
    .target(name: "Provisioning", dependencies: ["DatabaseSpec"]),
    .target(name: "LibPQ", dependencies: ["CLibPQ", "Linux"]),
    .target(name: "OpenSSL", dependencies: ["COpenSSL", "PasswordPreparation", "TextEncoding"]),
    .target(name: "Randomness", dependencies: ["COpenSSL", "DatabaseSpec"]),
    .target(name: "Linux", dependencies: ["CLinux"]),
    .target(name: "LogLine", dependencies: ["JSONBytes", "Linux"]),
    .target(
      name: "PostgresProvisioner",
      dependencies: [
        "Contract", "DatabaseSpec", "JSONBytes", "LibPQ", "Linux", "LogLine", "OpenSSL", "PlainHTTP", "Provisioning",
        "Randomness", "TextEncoding",
      ]),
    .executableTarget(
      name: "postern-sidecar", dependencies: ["PostgresProvisioner", "Linux", "CStatic"],
      linkerSettings: [
        .linkedLibrary("pq"), .linkedLibrary("pgcommon_shlib"), .linkedLibrary("pgport_shlib"), .linkedLibrary("ssl"),
        .linkedLibrary("crypto"), .linkedLibrary("swiftUnicodeDataTables"), .linkedLibrary("m"),
        .unsafeFlags(["-use-ld=lld", "-Xclang-linker", "-static", "-Xlinker", "--icf=all", "-Xlinker", "--strip-all"]),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && !["CLinux", "CStatic", "CVector"].contains(target.name) {
  target.swiftSettings = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(["-wmo", "-Osize"]),
  ]
  // The program's own object contains everything that it uses of the modules, so their objects stay empty and nothing
  // is compiled twice.
  if target.type == .regular {
    target.swiftSettings?.append(.unsafeFlags(["-Xfrontend", "-emit-empty-object-file"]))
  }
}
