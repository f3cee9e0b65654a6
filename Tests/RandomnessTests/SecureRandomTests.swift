import Randomness
import Testing

@Suite struct SecureRandomTests {
  @Test func aGeneratedPasswordHas32LettersAndDigitsAndAll62ComeUp() throws {
    var seen = Set<Character>()
    for _ in 0..<200 {
      let password = try SecureRandom.password()
      #expect(password.count == 32)
      seen.formUnion(password)
    }
    #expect(seen == Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    #expect(try SecureRandom.password() != SecureRandom.password())
  }
}
