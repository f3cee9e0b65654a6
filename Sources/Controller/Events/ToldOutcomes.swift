/// What Events have told of an instance's Pods: each outcome of a change once, and again when it comes again. Pure.
struct ToldOutcomes: Sendable {
  /// How a Pod's Postgres stands to what is expected of it.
  enum Outcome: Equatable, Sendable {
    /// All of the customer's Pods have it.
    case provisioned(String)
    /// This one has it; others not yet.
    case holds
    /// It refuses something: a message for each item.
    case failing([String])
  }

  /// A message, and the passwords' generation, which tells apart what changes only a password.
  private struct Line: Hashable {
    var generation: String?
    var message: String
  }

  private var heard: Set<String> = []
  private var provisioned: Line?
  private var failing: [String: Set<Line>] = [:]

  /// The messages of an answer that have not been told, and which count as told from now on.
  /// - Parameters:
  ///   - wasSaid: whether the Pod's condition said the same before the question. What it said before this leader has heard it was
  ///     told by an earlier one.
  ///   - isThere: whether a Pod, by its UID, still runs.
  mutating func take(
    _ outcome: Outcome, generation: String?, of uid: String, wasSaid: Bool, isThere: (String) -> Bool
  ) -> [String] {
    let isNew = heard.insert(uid).inserted
    defer {
      heard = heard.filter(isThere)
      failing = failing.filter { isThere($0.key) }
    }
    var fresh: [String] = []
    switch outcome {
    case .provisioned(let message):
      let line = Line(generation: generation, message: message)
      if provisioned != line { fresh = [message] }
      (provisioned, failing) = (line, [:])
    case .holds:
      failing[uid] = nil
    case .failing(let messages):
      // Another Pod in the place of one that failed tells nothing new.
      fresh = messages.filter { message in
        !failing.values.contains { $0.contains(Line(generation: generation, message: message)) }
      }
      provisioned = nil
      failing[uid] = Set(messages.map { Line(generation: generation, message: $0) })
    }
    return isNew && wasSaid ? [] : fresh
  }
}
