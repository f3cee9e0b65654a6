import ArgumentParser

/// How long a command waits: a whole number and `s`, `m` or `h`, as kubectl's `--timeout` has it.
struct Patience: ExpressibleByArgument {
  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600]
    // No more digits than a week needs.
    guard let unit = argument.last.flatMap({ units[$0] }), (2...7).contains(argument.utf8.count),
      argument.utf8.dropLast().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(argument.dropLast())
    else { return nil }
    seconds = number * unit
  }

  var duration: Duration { .seconds(seconds) }
}
