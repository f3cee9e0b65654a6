import DatabaseSpec
import Synchronization
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// Each verdict is found once, outside the pool that runs the passes, and namespaces take turns.
@Suite struct ScriptJudgeTests {
  private func question(_ sql: String) -> (ScriptQuestion, ScriptText) {
    let text = ScriptText(Array(sql.utf8), isSecret: false)
    return (ScriptQuestion(text, Script(name: "s", content: .inline(sql))), text)
  }

  @Test func aTextIsParsedOnce() async {
    let judge = ScriptJudge()
    let (good, goodText) = question("SELECT 1")
    let (bad, badText) = question("DROP DATABASE x")
    for _ in 0..<3 { await judge.judge([good: goodText, bad: badText]) }
    #expect(judge.parsed.load(ordering: .relaxed) == 2)
    #expect(judge.verdict(on: good) == [])
    #expect(judge.verdict(on: bad)?.count == 1)
    #expect(judge.verdict(on: bad)?.first?.contains("drops a database") == true)
  }

  @Test func whoeverAsksForTheSameIsToldWhenItIsKnown() async throws {
    let judge = ScriptJudge()
    let told = Mutex<[String]>([])
    let (first, firstText) = question("SELECT 1")
    let (second, secondText) = question("SELECT 2")
    let requests: [(String, [ScriptQuestion: ScriptText])] = [
      ("a", [first: firstText, second: secondText]), ("b", [first: firstText]), ("c", [second: secondText]),
    ]
    for (name, questions) in requests {
      #expect(
        judge.submit(.init(namespace: name, questions: questions) { told.withLock { $0.append(name) } }))
    }
    #expect(try await eventually { told.withLock { Set($0) } == ["a", "b", "c"] })
    #expect(judge.parsed.load(ordering: .relaxed) == 2)
  }

  @Test func onlySoMuchWaits() async throws {
    let judge = ScriptJudge(maximumPendingBytes: 100_000)
    let told = Mutex(0)
    var taken = 0
    for number in 0..<80 {
      let (question, text) = question("-- \(number) " + String(repeating: "x", count: 10_000))
      let isTaken = judge.submit(
        .init(namespace: "\(number)", questions: [question: text]) { told.withLock { $0 += 1 } })
      if isTaken { taken += 1 }
    }
    #expect(taken < 80)
    #expect(try await eventually { told.withLock { $0 } == taken })
    let (question, text) = question("SELECT 1")
    #expect(judge.submit(.init(namespace: "late", questions: [question: text]) {}))
  }

  /// What is asked already takes no more room.
  @Test func anotherWhoAsksTheSameIsTaken() async throws {
    let judge = ScriptJudge(maximumPendingBytes: 1_000_000)
    let told = Mutex(0)
    let (question, text) = question("-- " + String(repeating: "x", count: 900_000))
    for _ in 0..<5 {
      let isTaken = judge.submit(.init(namespace: "a", questions: [question: text]) { told.withLock { $0 += 1 } })
      #expect(isTaken)
    }
    #expect(try await eventually { told.withLock { $0 } == 5 })
  }

  /// However much one namespace asks for, another one's first question is taken.
  @Test func aNamespaceLeavesRoomForTheOthers() async throws {
    let judge = ScriptJudge(maximumPendingBytes: 4_000_000)
    let ended = Mutex(0)
    func ask(_ namespace: String, _ number: Int) -> Bool {
      let (question, text) = question("-- \(number) " + String(repeating: "x", count: 200_000))
      return judge.submit(.init(namespace: namespace, questions: [question: text]) { ended.withLock { $0 += 1 } })
    }
    // While they are asked, some are answered, so that the last ones may be taken, too.
    var taken = (0..<200).count { ask("greedy", $0) }
    #expect(taken < 200)
    for (number, namespace) in ["a", "b", "c"].enumerated() {
      #expect(ask(namespace, 1000 + number), "\(namespace)")
      taken += 1
    }
    let all = taken
    #expect(try await eventually { ended.withLock { $0 } == all })
    #expect(ask("greedy", 2000))
  }

  @Test func ownersHaveTurns() {
    var line = FairLine<Int>()
    for key in 0..<5 { line.append(key, of: "a") }
    line.append(10, of: "b")
    line.append(11, of: "b")
    line.append(20, of: "c")
    var order: [Int] = []
    while let key = line.removeFirst() { order.append(key) }
    #expect(order == [0, 10, 20, 1, 11, 2, 3, 4])
    #expect(line.isEmpty)
    // Long lines neither lose nor duplicate a key.
    for key in 0..<1000 { line.append(key, of: "\(key % 300)") }
    var all: Set<Int> = []
    while let key = line.removeFirst() { all.insert(key) }
    #expect(all.count == 1000)
  }
}
