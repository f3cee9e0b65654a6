import Foundation
package import JSONBytes
package import Logging

/// One authority and one pair for all tests that need no other. No global is ever deinitialised, so the folder goes
/// with the process.
package let authority: Result<Certificates, any Error> = Result {
  let certificates = try Certificates()
  atexit { removeAuthority() }
  return certificates
}
private func removeAuthority() {
  guard let authority = try? authority.get() else { return }
  try? FileManager.default.removeItem(at: authority.folder)
}

package let defaultPair = Result { try authority.get().issue("server") }

package let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits until a condition holds, or a time has gone that only a fault can take.
package func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  let deadline = ContinuousClock.now + .seconds(60)
  while ContinuousClock.now < deadline {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(1))
  }
  return false
}

/// A JSON tree of what the test writes.
package func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
