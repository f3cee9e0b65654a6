/// Tells the places of bytes of a script that are asked for from left to right, so that each byte is read once.
package struct ScriptPlaceCounter {
  private let bytes: [UInt8]
  private var offset = 0
  private var place: ScriptPlace

  /// - Parameter place: that of the first byte.
  package init(_ bytes: [UInt8], from place: ScriptPlace = ScriptPlace()) {
    self.bytes = bytes
    self.place = place
  }

  /// The place of the byte at `target`, from 0, which must not be before the last one that was asked for; that of the
  /// end where there are fewer.
  package mutating func place(at target: Int) -> ScriptPlace {
    while offset < target, offset < bytes.count {
      place.pass(bytes[offset])
      offset += 1
    }
    return place
  }
}
