import Testing

@testable import Controller

/// Which outcomes Events tell, without IO.
@Suite struct ToldOutcomesTests {
  /// What a look has found of a Pod, and what is to be told then.
  struct Answer: Sendable {
    var pod = "a"
    var outcome: ToldOutcomes.Outcome
    var generation = "g"
    var wasSaid = false
    var isTold: [String]
  }

  private static func holding(
    _ pod: String = "a", _ message: String = "all", _ generation: String = "g", wasSaid: Bool = false, told: Bool
  ) -> Answer {
    Answer(
      pod: pod, outcome: .provisioned(message), generation: generation, wasSaid: wasSaid, isTold: told ? [message] : [])
  }

  private static func failing(
    _ messages: [String], _ pod: String = "a", _ generation: String = "g", wasSaid: Bool = false, told: [String]
  ) -> Answer {
    Answer(pod: pod, outcome: .failing(messages), generation: generation, wasSaid: wasSaid, isTold: told)
  }

  @Test(arguments: [
    ("once, however often it is asked", [holding(told: true), holding(wasSaid: true, told: false)]),
    (
      "a password that is applied before the first question, which changes no word of the condition",
      [holding(told: true), holding("a", "all", "h", wasSaid: true, told: true)]
    ),
    ("what an earlier leader has told", [holding(wasSaid: true, told: false)]),
    (
      "a password after another leader's time",
      [holding(wasSaid: true, told: false), holding("a", "all", "h", wasSaid: true, told: true)]
    ),
    (
      "what comes again after it was mended",
      [
        failing(["x"], told: ["x"]), holding(told: true), failing(["x"], told: ["x"]), holding(told: true),
      ]
    ),
    ("only the item that is new", [failing(["x"], told: ["x"]), failing(["x", "y"], told: ["y"])]),
    ("another declaration", [holding(told: true), holding("a", "others", told: true)]),
    (
      "of two Pods, the last",
      [Answer(outcome: .holds, isTold: []), holding("b", told: true), holding("a", wasSaid: true, told: false)]
    ),
    ("a failure of two Pods once", [failing(["x"], told: ["x"]), failing(["x"], "b", told: [])]),
    (
      "a Pod that fails again, and each of two that fail otherwise once",
      [
        failing(["x"], told: ["x"]), failing(["y"], "b", told: ["y"]), failing(["x"], wasSaid: true, told: []),
        failing(["y"], "b", wasSaid: true, told: []), Answer(outcome: .holds, isTold: []), failing(["x"], told: ["x"]),
      ]
    ),
    ("a Pod in the place of one that held it", [holding(told: true), holding("new", told: false)]),
    ("a Pod in the place of one that failed", [failing(["x"], told: ["x"]), failing(["x"], "new", told: [])]),
  ])
  func itIsTold(what: String, answers: [Answer]) {
    var told = ToldOutcomes()
    for (number, answer) in answers.enumerated() {
      let messages = told.take(
        answer.outcome, generation: answer.generation, of: answer.pod, wasSaid: answer.wasSaid, isThere: { _ in true })
      #expect(messages == answer.isTold, "\(what), answer \(number)")
    }
  }

  @Test func aPodInThePlaceOfAnotherTellsNothingNewOnceThatIsGone() {
    for outcome in [ToldOutcomes.Outcome.provisioned("all"), .failing(["x"])] {
      var told = ToldOutcomes()
      #expect(told.take(outcome, generation: "g", of: "old", wasSaid: false, isThere: { _ in true }).count == 1)
      #expect(told.take(outcome, generation: "g", of: "new", wasSaid: false, isThere: { $0 == "new" }).isEmpty)
      #expect(told.take(outcome, generation: "g", of: "new", wasSaid: true, isThere: { $0 == "new" }).isEmpty)
    }
  }
}
