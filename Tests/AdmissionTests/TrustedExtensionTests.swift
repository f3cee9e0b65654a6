import LibPQ
import Testing
import ThrowawayPostgres

@testable import Admission

/// The list of extensions that take a superuser, against those of the servers here.
@Suite struct TrustedExtensionTests {
  @Test(arguments: PostgresInstallation.all)
  func theExtensionsOfASuperuserAreKnown(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    defer { server.stop() }
    let connection = try server.connect()
    for isTrusted in [true, false] {
      let found = try connection.query(
        "SELECT DISTINCT name FROM pg_available_extension_versions WHERE (trusted OR NOT superuser) = \(isTrusted)")
      let names = (0..<found.rowCount).compactMap { found.value($0, 0) }
      #expect(names.filter { OwnerLimits.untrustedExtensions.contains($0) == isTrusted } == [])
    }
  }

  /// Those of images that are none of these servers.
  @Test func whatImagesBringIsKnown() {
    for name in ["postgis_topology", "postgis_raster", "pgrouting", "pg_net", "address_standardizer"] {
      #expect(OwnerLimits.untrustedExtensions.contains(name))
    }
    #expect(!OwnerLimits.untrustedExtensions.contains("postgis_tiger_geocoder"))
  }
}
