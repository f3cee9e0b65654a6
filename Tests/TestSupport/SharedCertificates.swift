import Foundation

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
