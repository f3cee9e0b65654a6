import Linux

/// Keeps the memory of a program that serves for months small.
enum ResidentMemory {
  private static let pause: Duration = .seconds(5)

  /// Gives freed heap and the program's own pages back to the system, now and every five seconds, until the task is
  /// cancelled. Half of those pages were needed only for the start, the first requests or a busy hour. Both giving back
  /// and reading again what is needed take less than a millisecond.
  static func keepLow() async {
    while !Task.isCancelled {
      CurrentProcess.releaseProgram()
      CurrentProcess.releaseMemory()
      try? await Task.sleep(for: pause)
    }
  }
}
