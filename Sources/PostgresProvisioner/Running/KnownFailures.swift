import LibPQ
import LogLine
import OpenSSL
import Provisioning
import TextEncoding

/// A customer's items that failed while the instance was ready. The server stores them
/// (``Postern/knownFailuresState``), so that they are still known in a new Pod. What worked before still works, and
/// users are not interrupted.
struct KnownFailures {
  let customer: String
  let control: PassControl

  /// Completes the report of a finished pass, and records the items that now fail.
  /// - Parameter connection: the one that holds the lock.
  func settle(_ report: PassReport, _ connection: borrowing Connection) -> PassReport {
    guard report.outcome == .converged || report.outcome == .incomplete else { return report }
    var report = report
    do throws(PostgresError) {
      guard let state = try connection.rows(Postern.knownFailuresState).first, state.isOurs else { return report }
      let known = state.isThere ? Set(try connection.rows(Postern.knownFailures(of: customer))) : []
      let failing = Set(report.problems.filter({ $0.isFailure }).map({ Self.digest($0.item) }))
      report.isKnownToFail = report.outcome == .incomplete && failing.isSubset(of: known)
      // An item that worked in between is not a known failure.
      let kept = control.isReady() ? failing : failing.intersection(known)
      try change(
        adding: kept.subtracting(known).sorted(by: Self.precedes),
        removing: known.subtracting(kept).sorted(by: Self.precedes), isThere: state.isThere, connection)
    } catch {
      control.log(.warning, "cannot note what fails", [("reason", error.description)])
    }
    return report
  }

  private func change(
    adding: [String], removing: [String], isThere: Bool, _ connection: borrowing Connection
  ) throws(PostgresError) {
    guard !adding.isEmpty || !removing.isEmpty else { return }
    let statements =
      (isThere ? [] : Postern.createKnownFailures)
      + Postern.changeKnownFailures(of: customer, adding: adding, removing: removing)
    // One string is one transaction.
    try connection.execute(statements.joined(separator: "; "))
  }

  private static func digest(_ item: String) -> String { Hex.encoded(Digest.sha256(Array(item.utf8))) }

  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
