import Declarations
import Testing

/// All errors are reported at once, with all warnings, and nothing that only follows from one of them.
struct PlantedFaultTests {
  @Test func whatFaultsArePlantedIntoIsSound() throws {
    try accepts(SoundDeclaration().annotations)
  }

  @Test(arguments: PlantedFault.all) func aFaultIsToldAlone(_ fault: PlantedFault) {
    expect([fault])
  }

  /// Each error together with one of every other part, and a thousand random combinations of 2 to 12.
  @Test func allThatIsPlantedIsToldAndNothingElse() {
    var random = Chance(state: 20_261_126)
    let byPart = Dictionary(grouping: PlantedFault.all, by: \.part)
    for fault in PlantedFault.all {
      let others = PlantedFault.Part.allCases.filter { $0 != fault.part }.compactMap {
        byPart[$0]?.randomElement(using: &random)
      }
      expect([fault] + others)
    }
    for _ in 0..<1000 {
      let parts = PlantedFault.Part.allCases.shuffled(using: &random).prefix(Int.random(in: 2...12, using: &random))
      expect(parts.compactMap { byPart[$0]?.randomElement(using: &random) })
    }
  }

  /// Expects that each message of the errors occurs once, and that there are no others.
  private func expect(_ faults: [PlantedFault], _ location: SourceLocation = #_sourceLocation) {
    var declaration = SoundDeclaration()
    for fault in faults { fault.plant(&declaration) }
    let result = parse(declaration.annotations, customer: declaration.customer)
    let misspelt = ["users", "databases"].filter { declaration.annotations[$0] == nil }
    for (told, planted) in [
      (result.errors, faults.flatMap(\.errors)), (result.warnings, faults.flatMap(\.warnings)),
    ] {
      var rest = told.map(\.message)
      for part in planted {
        // The places in a misspelt annotation name the annotation as it is spelt.
        let part = misspelt.reduce(part) { $0.replacing("postern.io/\($1)[", with: "postern.io/\($1.dropLast())[") }
        if let index = rest.firstIndex(where: { $0.contains(part) }) {
          rest.remove(at: index)
        } else {
          Issue.record(
            "not told: \(part)\n\(declaration.annotations)\n\(told.map(\.message))", sourceLocation: location)
        }
      }
      for message in rest {
        Issue.record("not planted: \(message)\n\(declaration.annotations)", sourceLocation: location)
      }
    }
  }
}
