/// Why a trial does not go on; what to print, line by line.
struct TrialFailure: Error {
  let lines: [String]

  init(_ line: String) {
    lines = ["error: \(line)"]
  }

  /// What the webhook refused, as kubectl prints it.
  init(denied manifest: Manifest, _ denial: AdmissionChain.Denial) {
    lines =
      denial.causes.isEmpty
      ? ["The \(manifest.kind) \"\(manifest.name)\" was refused: \(denial.message)"]
      : ["The \(manifest.kind) \"\(manifest.name)\" is invalid:"] + denial.lines.map { "* \($0)" }
  }

  init(lines: [String]) {
    self.lines = lines
  }
}
