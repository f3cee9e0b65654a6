package import JSONBytes
package import Logging

/// A logger that writes nothing.
package let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits until a condition holds. Gives up after a time that only a failure can take.
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
