import Declarations
import JSONBytes
import KubernetesAPI

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
  /// unset, as in the images, and `envFrom` does not set it.
  func given(_ names: [String], readsFiles: Bool) throws(JSONError) -> GivenValue? {
    for name in names {
      if let value = try explicit(name) { return value }
      guard readsFiles, let path = try explicit(name, suffix: "_FILE") else { continue }
      if case .literal(let text) = path { return .file(text) }
      return .unknown
    }
    guard !environmentSources.isEmpty else { return nil }
    let candidates = names.reversed().flatMap { name in
      defines(name) ? [] : environmentSources.compactMap { $0.reference(to: name) }
    }
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

  /// The text of an argument with each `$(NAME)` replaced whose value is known. The others stay.
  func expandedWhereKnown(_ text: String, _ lookups: inout VariableLookups) throws(JSONError) -> String {
    var result = ""
    var pieces = VariablePieces(text)
    while let piece = pieces.next() {
      switch piece {
      case .text(let text): result += text
      case .variable(let name):
        if lookups.take(), case .literal(let value)? = try value(of: name, before: nil, &lookups),
          value.utf8.count <= 4096
        {
          result += value
        } else {
          result += "$(\(name))"
        }
      }
    }
    return result
  }

  /// What a part of an argument comes to in which variables are left.
  enum ArgumentValue {
    case known(String)
    /// The address of the Pod or its node, which is never loopback.
    case address
    case unknown
  }

  /// - Parameter isShell: whether a shell replaces `$NAME`, too.
  func value(ofArgument text: String, isShell: Bool) throws(JSONError) -> ArgumentValue {
    guard text.contains(ascii: isShell ? "$" : "$(") else { return .known(text) }
    guard let reference = VariableReference(text) else { return .unknown }
    var lookups = VariableLookups(most: 10)
    switch try value(of: reference.name, before: nil, &lookups) {
    case .literal(let value)? where !value.isEmpty: return .known(value)
    case .literal?: return .known(reference.fallback ?? "")
    case .computed(let json)?: return try Self.isAddress(json) ? .address : .unknown
    case nil:
      // The kubelet leaves what is no variable as it is.
      return isShell ? reference.fallback.map { .known($0) } ?? .unknown : .known(text)
    default: return .unknown
    }
  }

  /// Whether a text has `$(NAME)` in it whose value differs from Pod to Pod of a workload.
  func differsByPod(_ text: String, _ lookups: inout VariableLookups) throws(JSONError) -> Bool {
    guard text.contains(ascii: "$(") else { return false }
    for case .variable(let name) in VariablePieces(text) where lookups.take() {
      switch try lookups.value(of: name, before: nil, in: environmentSlice, of: bytes) {
      case .literal(let text)?:
        if try differsByPod(text, &lookups) { return true }
      case .computed(let json)?:
        let own = ["metadata.name", "metadata.uid", "status.podIP", "status.podIPs"]
        if try Self.fieldPath(json).map(own.contains) == true { return true }
      case .reference?, nil: break
      }
    }
    return false
  }

  /// Whether `valueFrom` is an address of the Pod or its node.
  private static func isAddress(_ json: [UInt8]) throws(JSONError) -> Bool {
    let addresses = ["status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"]
    return try fieldPath(json).map(addresses.contains) ?? false
  }

  /// The Pod's field that `valueFrom` names; nil where it names none.
  private static func fieldPath(_ json: [UInt8]) throws(JSONError) -> String? {
    var path: String?
    var reader = JSONReader(json)
    guard try reader.entersObject() else { return nil }
    while let key = try reader.nextKey() {
      guard reader.matches(key, "fieldRef"), try reader.entersObject() else {
        if !reader.matches(key, "fieldRef") { try reader.skip() }
        continue
      }
      while let key = try reader.nextKey() {
        guard reader.matches(key, "fieldPath") else {
          try reader.skip()
          continue
        }
        path = try reader.optionalText()
      }
    }
    return path
  }

  /// The value of a variable before another one is defined, or after all are.
  func value(
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
