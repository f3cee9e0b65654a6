import TestThreads
import Testing

@testable import PostgresProvisioner

@Suite(.blocking) struct ServerSocketsTests {
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

  @Test func listeningSocketsOverTCPAreFoundByTheirPort() {
    let listing = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 41337 1 0000 100 0 0 10 0
         1: 0100007F:1538 0100007F:D2A4 01 00000000:00000000 00:00000000 00000000   999        0 41338 1 0000 20 4 30 10 -1
         2: 00000000:1539 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 41339 1 0000 100 0 0 10 0
         3: 00000000000000000000000001000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 999 0 41340 1 0 100
         4: 0500000A:1539 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 41341 1 0000 100 0 0 10 0

      """
    #expect(ServerSockets.tcpInodes(listing: Array(listing.utf8), port: 5432) == [41337, 41340])
    #expect(ServerSockets.tcpInodes(listing: Array(listing.utf8), port: 5433) == [41339, 41341])
    #expect(ServerSockets.tcpInodes(listing: Array(listing.utf8), port: 5432, isLoopback: true) == [41337, 41340])
    #expect(ServerSockets.tcpInodes(listing: Array(listing.utf8), port: 5433, isLoopback: true) == [41339])
    #expect(ServerSockets.tcpInodes(listing: [], port: 5432) == [])
  }

  @Test func whyNobodyAnswersIsSaidAsFarAsItCanBeSeen() {
    let sockets = ServerSockets(listing: Array(Self.listing.utf8))
    #expect(
      sockets.reasonForSilence(port: 5432, isHeard: false)?.hasPrefix(
        "it listens on the socket /var/run/postgresql/.s.PGSQL.5432 only") == true)
    #expect(sockets.reasonForSilence(port: 1, isHeard: false)?.hasPrefix("a Postgres here has the port 5432") == true)
    #expect(ServerSockets(listing: []).reasonForSilence(port: 1, isHeard: false) == nil)
    #expect(sockets.reasonForSilence(port: 5432, isHeard: true)?.hasPrefix("it listens, and answers nobody") == true)
  }
}
