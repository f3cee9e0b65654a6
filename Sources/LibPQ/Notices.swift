/// The notices of a connection, kept until they are taken. A script may send any number: the first hundred are kept.
final class Notices {
  private static let limit = 100

  private var texts: [String] = []
  private var dropped = 0

  func append(_ text: String) {
    guard texts.count < Self.limit else {
      dropped += 1
      return
    }
    var text = Substring(text)
    while text.utf8.last == 0x0A { text = text.dropLast() }
    texts.append(String(text))
  }

  func take() -> [String] {
    defer {
      texts = []
      dropped = 0
    }
    return dropped == 0 ? texts : texts + ["and \(dropped) more notices"]
  }
}
