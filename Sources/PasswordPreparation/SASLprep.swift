/// SASLprep (RFC 4013) as libpq applies it to passwords; libpq does not export a function for it. The result must equal
/// libpq's byte for byte. Otherwise a verifier that libpq made would never match, and would be written again at every
/// pass.
package enum SASLprep {
  /// The bytes from which a password's hash is made. If SASLprep would refuse the password, they are its own bytes
  /// (PostgreSQL docs §53.8.1: passwords in other encodings, and with prohibited characters, are used as they are).
  package static func prepare(_ password: String) -> [UInt8] {
    let raw = Array(password.utf8)
    guard raw.contains(where: { $0 >= 0x80 }) else { return raw }
    let mapped = password.unicodeScalars.compactMap { map($0.value) }
    guard !mapped.isEmpty, isAllowed(mapped) else { return raw }
    var prepared = String.UnicodeScalarView()
    for code in Normalization.nfkc(mapped) {
      guard let scalar = Unicode.Scalar(code) else { return raw }
      prepared.append(scalar)
    }
    return Array(String(prepared).utf8)
  }

  /// Maps spaces to the ASCII space (RFC 3454 C.1.2; libpq does this before B.1), and removes what is commonly mapped
  /// to nothing (B.1).
  private static func map(_ code: UInt32) -> UInt32? {
    switch code {
    case 0xA0, 0x1680, 0x2000...0x200B, 0x202F, 0x205F, 0x3000: 0x20
    case 0xAD, 0x034F, 0x1806, 0x180B...0x180D, 0x200C...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: nil
    default: code
    }
  }

  /// Whether there is no prohibited or unassigned character, and either no right-to-left character, or one first and
  /// last and no left-to-right character (RFC 3454 §5, §6). libpq checks this before it normalises.
  private static func isAllowed(_ codes: [UInt32]) -> Bool {
    let classes = codes.map { Normalization.value(of: $0, in: UnicodeTables.preparation) }
    guard !classes.contains(1) else { return false }
    guard classes.contains(2) else { return true }
    return classes.first == 2 && classes.last == 2 && !classes.contains(3)
  }
}
