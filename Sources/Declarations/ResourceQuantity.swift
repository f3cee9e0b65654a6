/// An amount of CPU or memory as Kubernetes writes it (Kubernetes docs, "Quantity"): `250m`, `64Mi`, `1.5`, `1e3`.
package struct ResourceQuantity: Sendable {
  /// The text as it was written.
  package let text: String
  /// The amount in cores, or in bytes.
  package let value: Double

  /// Nil where the text is not an amount, or is negative.
  package init?(_ text: String) {
    let point = UInt8(ascii: ".")
    let unsigned = text.utf8.first == UInt8(ascii: "+") ? Substring(text.utf8.dropFirst()) : text[...]
    let end = unsigned.utf8.firstIndex { !(0x30...0x39).contains($0) && $0 != point } ?? unsigned.endIndex
    let number = unsigned[..<end]
    guard !number.isEmpty, number != ".", number.utf8.count(where: { $0 == point }) < 2,
      let amount = Self.amount(number), let unit = Unit(unsigned[end...])
    else { return nil }
    self.text = text
    value = unit.isDivisor ? amount / unit.factor : amount * unit.factor
  }

  /// Whole numbers, as nearly all amounts are, take a tenth of the time that fractions take.
  private static func amount(_ number: Substring) -> Double? {
    if let whole = Int32(number) { return Double(whole) }
    return Double(number.utf8.last == UInt8(ascii: ".") ? number.dropLast() : number)
  }

  /// The suffix of a number.
  private struct Unit {
    let factor: Double
    var isDivisor = false

    init?(_ suffix: Substring) {
      switch suffix {
      case "": factor = 1
      case "m": (factor, isDivisor) = (1e3, true)
      case "u": (factor, isDivisor) = (1e6, true)
      case "n": (factor, isDivisor) = (1e9, true)
      case "k": factor = 1e3
      case "M": factor = 1e6
      case "G": factor = 1e9
      case "T": factor = 1e12
      case "P": factor = 1e15
      case "E": factor = 1e18
      case "Ki": factor = 0x1p10
      case "Mi": factor = 0x1p20
      case "Gi": factor = 0x1p30
      case "Ti": factor = 0x1p40
      case "Pi": factor = 0x1p50
      case "Ei": factor = 0x1p60
      default:
        guard suffix.hasPrefix("e") || suffix.hasPrefix("E"), Int(suffix.dropFirst()) != nil,
          let power = Double("1\(suffix)"), power.isFinite
        else { return nil }
        factor = power
      }
    }
  }
}

extension ResourceQuantity: Equatable {
  /// `1` is `1000m`.
  package static func == (left: Self, right: Self) -> Bool { left.value == right.value }
}

extension ResourceQuantity {
  /// Why it cannot be an amount of CPU for the sidecar; nil where it can. The API server accepts nothing finer.
  package var problemAsCPU: String? {
    value >= 0.001 ? nil : "is too little; expected 1m or more"
  }

  /// The same for memory. A smaller amount nearly always lacks its unit.
  package var problemAsMemory: String? {
    value >= Double(8 << 20) ? nil : "is too little for the sidecar; expected 8Mi or more"
  }
}
