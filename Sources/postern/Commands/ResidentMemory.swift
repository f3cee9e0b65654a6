import Linux

/// The memory that a program which serves for months holds on to.
enum ResidentMemory {
  private static let pause: Duration = .seconds(5)

  /// Gives the system back, at once and every five seconds, what only the start, the first requests or a busy hour have
  /// needed: half of the program's pages, and freed heap. It takes less than a millisecond, and so does reading again
  /// what is needed. Until the task is cancelled.
  static func keepLow() async {
    while !Task.isCancelled {
      CurrentProcess.releaseProgram()
      CurrentProcess.releaseMemory()
      try? await Task.sleep(for: pause)
    }
  }
}
