import Testing

@testable import Declarations

@Suite struct SuggestionTests {
  /// Levenshtein's distance by its definition.
  private func distance(_ left: Substring, _ right: Substring) -> Int {
    guard let a = left.first else { return right.count }
    guard let b = right.first else { return left.count }
    if a == b { return distance(left.dropFirst(), right.dropFirst()) }
    return 1
      + min(
        distance(left.dropFirst(), right), distance(left, right.dropFirst()),
        distance(left.dropFirst(), right.dropFirst()))
  }

  @Test func allWordsOfTwoLettersAreAsNearAsTheyAre() {
    var words = [""]
    for _ in 1...5 { words = [""] + words.flatMap { [$0 + "a", $0 + "b"] } }
    #expect(Set(words).count == 63)
    for word in words {
      for other in words {
        let isNear = distance(word[...], other[...]) <= min(word.count / 2, 2)
        #expect((Suggestion.nearest(to: word, among: [other]) == other) == isNear, "\(word) \(other)")
      }
    }
  }

  @Test func theNearestIsTakenAndOfThoseTheFirst() {
    #expect(Suggestion.nearest(to: "orders", among: ["orde", "ordesr", "Order", "order"]) == "Order")
    #expect(Suggestion.nearest(to: "größe", among: ["grosse", "grösse", "𝔤röße"]) == "𝔤röße")
  }

  /// However many names there are, only a limited number is compared. Names of another length do not count.
  @Test func theFirstOfThousandsAreCompared() {
    let others = (0..<Suggestion.maximumComparisons).map { "x\(1000 + $0)" }
    let short = Array(repeating: "a-name-of-another-length", count: 5000)
    #expect(Suggestion.nearest(to: "order", among: short + others.dropLast() + ["orders"]) == "orders")
    #expect(Suggestion.nearest(to: "order", among: short + others + ["orders"]) == nil)
  }
}
