import Foundation
import LibPQ
import TestThreads
import Testing

@testable import ThrowawayPostgres

@Suite(.blocking) struct PostgresServerTests {
  /// A server that was asked to end while it recovered from a full disk never ended, and the tests waited for it.
  @Test func aServerThatCannotEndInTimeIsMadeToAndStartsAgain() throws {
    let server = try PostgresServer(#require(PostgresInstallation.all.last))
    let session = try server.connect()
    let process = try #require(try session.query("SELECT pg_backend_pid()").value(0, 0).flatMap { Int32($0) })
    // A fast shutdown waits for every session's process, and a stopped one does not end.
    kill(process, SIGSTOP)
    server.halt(patience: 0.1)
    try server.start()
    _ = try server.connect()
    server.stop()
  }
}
