import TextEncoding
import Testing

@Suite struct CuttingTests {
  @Test(arguments: [
    ("", 3, ""), ("abc", 3, "abc"), ("abcd", 3, "…"), ("abcd", 4, "abcd"), ("abcde", 4, "a…"), ("aé", 3, "aé"),
    ("aéé", 4, "a…"), ("éé…", 6, "é…"), ("éé…", 5, "é…"), ("…………", 6, "……"), ("…………", 8, "……"), ("…………", 9, "………"),
    ("😀😀", 6, "…"), ("😀😀", 7, "😀…"), ("😀😀", 8, "😀😀"),
  ])
  func whatIsTooLongEndsBehindAWholeCharacter(text: String, maximum: Int, expected: String) {
    #expect(text.cut(to: maximum) == expected)
  }
}
