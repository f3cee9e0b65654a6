import Testing

@testable import PostgresProvisioner

@Suite struct ServerSocketsTests {
  private static let listing = """
    Num       RefCount Protocol Flags    Type St Inode Path
    ffff8881: 00000002 00000000 00010000 0001 01 31337 /var/run/postgresql/.s.PGSQL.5432
    ffff8882: 00000003 00000000 00000000 0001 03 31338 /var/run/postgresql/.s.PGSQL.5432
    ffff8883: 00000002 00000000 00010000 0001 01 31339 @abstract
    ffff8884: 00000002 00000000 00010000 0001 01 31340 /tmp/a folder/.s.PGSQL.5433
    ffff8885: 00000002 00000000 00010000 0001 01 31341 /tmp/.s.PGSQL.5432.lock
    ffff8886: 00000003 00000000 00000000 0001 03 31342

    """

  @Test func listeningSocketsOfServersAreFound() {
    let sockets = ServerSockets(listing: Array(Self.listing.utf8))
    #expect(sockets.entries.map(\.path) == ["/var/run/postgresql/.s.PGSQL.5432", "/tmp/a folder/.s.PGSQL.5433"])
    #expect(sockets.inodes(port: 5432) == [31337])
    #expect(sockets.inodes(port: 5434) == [])
  }

  @Test func whyNobodyAnswersIsSaidAsFarAsItCanBeSeen() {
    let sockets = ServerSockets(listing: Array(Self.listing.utf8))
    #expect(
      sockets.reasonForSilence(port: 5432)?.hasPrefix("it listens on the socket /var/run/postgresql/.s.PGSQL.5432 only")
        == true)
    #expect(sockets.reasonForSilence(port: 1)?.hasPrefix("a Postgres here has the port 5432") == true)
    #expect(ServerSockets(listing: []).reasonForSilence(port: 1) == nil)
  }
}
