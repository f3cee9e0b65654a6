/// Normalization form KC (Unicode Standard Annex #15) for the characters of Unicode 3.2.
enum Normalization {
  /// Decomposes completely, puts marks into canonical order, and composes again where composition is not excluded.
  static func nfkc(_ codes: [UInt32]) -> [UInt32] {
    var decomposed: [UInt32] = []
    for code in codes { decompose(code, into: &decomposed) }
    return composed(ordered(decomposed))
  }

  /// The value for a code, from a table that lists where the value changes.
  static func value(of code: UInt32, in table: [UInt32]) -> UInt32 {
    var low = 0
    var high = table.count
    while low < high {
      let middle = (low + high) / 2
      if table[middle] & codeMask <= code { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? 0 : table[low - 1] >> 21
  }

  private static let codeMask: UInt32 = 0x1F_FFFF

  private static func combiningClass(_ code: UInt32) -> UInt32 {
    value(of: code, in: UnicodeTables.combiningClasses)
  }

  // MARK: Decomposition

  /// Hangul syllables are computed, not looked up (Unicode Standard §3.12).
  private enum Hangul {
    static let syllables: UInt32 = 0xAC00
    static let leading: UInt32 = 0x1100
    static let vowels: UInt32 = 0x1161
    static let trailing: UInt32 = 0x11A7
    static let syllableCount: UInt32 = 11172
    static let leadingCount: UInt32 = 19
    static let vowelCount: UInt32 = 21
    static let trailingCount: UInt32 = 28
  }

  private static func decompose(_ code: UInt32, into codes: inout [UInt32]) {
    if code >= Hangul.syllables, code < Hangul.syllables + Hangul.syllableCount {
      let index = code - Hangul.syllables
      codes.append(Hangul.leading + index / (Hangul.vowelCount * Hangul.trailingCount))
      codes.append(Hangul.vowels + index / Hangul.trailingCount % Hangul.vowelCount)
      if index % Hangul.trailingCount != 0 { codes.append(Hangul.trailing + index % Hangul.trailingCount) }
      return
    }
    let table = UnicodeTables.decompositions
    var index = 0
    while index < table.count {
      let run = Run(table, at: index)
      if run.first <= code, code - run.first < run.count {
        decompose(run.firstPart + code - run.first, into: &codes)
        for part in table[(index + 2)..<run.next] { decompose(part, into: &codes) }
        return
      }
      guard run.first <= code else { break }
      index = run.next
    }
    codes.append(code)
  }

  /// One run of the table of decompositions.
  private struct Run {
    let first: UInt32
    let count: UInt32
    let isExcluded: Bool
    let firstPart: UInt32
    let next: Int

    init(_ table: [UInt32], at index: Int) {
      first = table[index] & codeMask
      count = (table[index] >> 21 & 0xFF) + 1
      isExcluded = table[index] >> 29 == 1
      firstPart = table[index + 1] & codeMask
      next = index + 1 + Int(table[index + 1] >> 21)
    }
  }

  /// Sorts consecutive marks by their class; marks of the same class keep their order.
  private static func ordered(_ codes: [UInt32]) -> [UInt32] {
    var codes = codes
    for index in codes.indices.dropFirst() {
      let code = codes[index]
      let ownClass = combiningClass(code)
      var place = index
      while ownClass != 0, place > 0, combiningClass(codes[place - 1]) > ownClass {
        codes[place] = codes[place - 1]
        place -= 1
      }
      codes[place] = code
    }
    return codes
  }

  // MARK: Composition

  private static func composed(_ codes: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    var starter: Int?
    var lastClass: UInt32?
    for code in codes {
      let ownClass = combiningClass(code)
      let isBlocked = lastClass.map { $0 >= ownClass } ?? false
      if let starter, !isBlocked, let whole = compose(result[starter], code) {
        result[starter] = whole
        continue
      }
      if ownClass == 0 {
        starter = result.count
        lastClass = nil
      } else {
        lastClass = ownClass
      }
      result.append(code)
    }
    return result
  }

  private static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first >= Hangul.leading, first < Hangul.leading + Hangul.leadingCount, second >= Hangul.vowels,
      second < Hangul.vowels + Hangul.vowelCount
    {
      let pair = (first - Hangul.leading) * Hangul.vowelCount + second - Hangul.vowels
      return Hangul.syllables + pair * Hangul.trailingCount
    }
    if first >= Hangul.syllables, first < Hangul.syllables + Hangul.syllableCount,
      (first - Hangul.syllables).isMultiple(of: Hangul.trailingCount), second > Hangul.trailing,
      second < Hangul.trailing + Hangul.trailingCount
    {
      return first + second - Hangul.trailing
    }
    let table = UnicodeTables.decompositions
    var index = 0
    while index < table.count {
      let run = Run(table, at: index)
      if !run.isExcluded, run.next == index + 3, table[index + 2] == second, first >= run.firstPart,
        first - run.firstPart < run.count
      {
        return run.first + first - run.firstPart
      }
      index = run.next
    }
    return nil
  }
}
