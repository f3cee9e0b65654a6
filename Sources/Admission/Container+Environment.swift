import Declarations
import JSONBytes

/// Where a variable of the Postgres container gets its value, as far as that is known.
enum GivenValue {
  case literal(String)
  case reference(ObjectReference)
  /// The keys of `envFrom` that may define it. The last one takes precedence.
  case candidates([ObjectReference])
  /// `valueFrom` of another kind, such as a field of the Pod, as JSON.
  case computed([UInt8])
  /// A path, from the variable whose name ends in `_FILE`.
  case file(String)
  /// It is set, but its value is not known here.
  case unknown
}

extension Container {
  /// The first of these variables that has a value, else the candidates from `envFrom`. An empty variable counts as
  /// unset, as in the images.
  func given(_ names: [String], readsFiles: Bool) throws(JSONError) -> GivenValue? {
    for name in names {
      if let value = try explicit(name) { return value }
      guard readsFiles, let path = try explicit(name, suffix: "_FILE") else { continue }
      if case .literal(let text) = path { return .file(text) }
      return .unknown
    }
    guard !environmentSources.isEmpty else { return nil }
    let candidates = names.reversed().flatMap { name in environmentSources.compactMap { $0.reference(to: name) } }
    return candidates.isEmpty ? nil : .candidates(candidates)
  }

  private func explicit(_ name: String, suffix: String = "") throws(JSONError) -> GivenValue? {
    guard let variable = variable(name, suffix: suffix) else { return nil }
    switch variable.value {
    case .literal(let text) where text.contains(ascii: "$"):
      var lookups = VariableLookups(most: 50)
      return try expanded(text, before: variable.name, &lookups)
    case .literal(let text): return text.isEmpty ? nil : .literal(text)
    case .reference(let reference): return .reference(reference)
    case .computed(let json): return .computed(json)
    }
  }

  /// The text with each `$(NAME)` replaced by the value of that variable, if it is defined earlier, and `$$` by `$`, as
  /// the kubelet does (Kubernetes docs, "Define Dependent Environment Variables").
  func expanded(_ text: String, before name: String?, _ lookups: inout VariableLookups) throws(JSONError) -> GivenValue
  {
    var result = ""
    var pieces = VariablePieces(text)
    while let piece = pieces.next() {
      guard case .variable(let variable) = piece else {
        if case .text(let text) = piece { result += text }
        continue
      }
      guard lookups.take() else { return .unknown }
      let value = try self.value(of: variable, before: name, &lookups)
      if case .literal(let text)? = value {
        result += text
        guard result.utf8.count <= 4096 else { return .unknown }
      } else if value == nil {
        result += "$(\(variable))"
      } else {
        // A value from another source can be used only if it is the whole text.
        return result.isEmpty && pieces.isAtEnd ? value ?? .unknown : .unknown
      }
    }
    return .literal(result)
  }

  /// The value of a variable before another one is defined, or after all are.
  private func value(
    of variable: String, before name: String?, _ lookups: inout VariableLookups
  ) throws(JSONError) -> GivenValue? {
    switch try lookups.value(of: variable, before: name, in: environmentSlice, of: bytes) {
    case .literal(let text): return try expanded(text, before: variable, &lookups)
    case .reference(let reference): return .reference(reference)
    case .computed(let json): return .computed(json)
    case nil:
      let candidates = environmentSources.compactMap { $0.reference(to: variable) }
      return candidates.isEmpty ? nil : .candidates(candidates)
    }
  }
}
