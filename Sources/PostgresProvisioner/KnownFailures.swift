import LibPQ
import LogLine
import OpenSSL
import Provisioning
import TextEncoding

/// What of a customer's failed while it was ready. The server keeps it (``Postern/knownFailuresState``), so that it is known
/// again after the Pod has gone: what worked until then is there, and the users go on.
struct KnownFailures {
  let customer: String
  let control: PassControl

  /// Completes the report of a pass that has come to its end, and notes what fails by now.
  /// - Parameter connection: the one that holds the lock.
  func settle(_ report: PassReport, _ connection: borrowing Connection) -> PassReport {
    guard report.outcome == .converged || report.outcome == .incomplete else { return report }
    var report = report
    do throws(PostgresError) {
      guard let state = try connection.rows(Postern.knownFailuresState).first, state.isOurs else { return report }
      let known = state.isThere ? Set(try connection.rows(Postern.knownFailures(of: customer))) : []
      let failing = Set(report.problems.filter({ $0.isFailure }).map({ Self.digest($0.item) }))
      report.isKnownToFail = report.outcome == .incomplete && failing.isSubset(of: known)
      // What worked in between is not known to fail.
      let kept = control.isReady() || report.isKnownToFail ? failing : failing.intersection(known)
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
    do throws(PostgresError) {
      try connection.execute((["BEGIN"] + statements + ["COMMIT"]).joined(separator: "; "))
    } catch {
      if !connection.isBroken { try connection.execute("ROLLBACK") }
      throw error
    }
  }

  private static func digest(_ item: String) -> String { Hex.encoded(Digest.sha256(Array(item.utf8))) }

  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
