extension String {
  /// The text in one line, and without anything that a terminal would act on: objects in the cluster may contain
  /// whatever their authors wrote.
  var inOneLine: String {
    var line = UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format: line.append(" ")
      default: line.append(scalar)
      }
    }
    return String(line)
  }
}
