import Linux

/// The memory that a program which serves for months holds on to.
enum ResidentMemory {
  private static let first: Duration = .seconds(5)
  private static let longest: Duration = .seconds(600)

  /// Gives the system back, at once and now and then, what only the start, the first requests or a busy hour have
  /// needed: half of the program's pages, and freed heap. Until the task is cancelled.
  static func keepLow() async {
    var pause = first
    while !Task.isCancelled {
      CurrentProcess.releaseProgram()
      CurrentProcess.releaseMemory()
      try? await Task.sleep(for: pause)
      pause = min(pause * 4, longest)
    }
  }
}
