import Contract
import Instances
import JSONBytes
import TextEncoding

/// The objects of the files that have the names of what is made: the output of an earlier run, with what a user has added to
/// it, or somebody else's.
struct PresentObjects {
  /// What tells an object from all others in the files.
  struct Identity: Hashable {
    private let parts: [String]

    init(_ object: JSONValue) {
      let metadata = object["metadata"]
      parts = [object["apiVersion"], object["kind"], metadata?["namespace"], metadata?["name"]].map { $0?.string ?? "" }
    }
  }

  private let manifests: [Identity: Manifest]

  init(_ manifests: [Manifest]) {
    let made = manifests.filter { ["ConfigMap", "Secret", "Service"].contains($0.kind) }
    // Of several with one name the last one is applied last.
    self.manifests = Dictionary(made.map { (Identity($0.object), $0) }) { $1 }
  }

  /// What is printed for an object that is made: with the labels and annotations that somebody has added to the one of the
  /// files, which the controller leaves alone, too. Nil where the one of the files is not Postern's, and stays.
  /// - Parameter keepsKeys: whether it is a Secret to which keys may have been added as well.
  func document(for made: JSONValue, keepsKeys: Bool = false) -> InjectedDocument? {
    guard let present = manifests[Identity(made)] else { return InjectedDocument(made: made) }
    guard present.object.isPosterns else { return nil }
    let object = Self.adding(present.object, to: made, keepsKeys: keepsKeys)
    return InjectedDocument(made: object, text: object == present.object ? present.text : nil)
  }

  private static func adding(_ present: JSONValue, to made: JSONValue, keepsKeys: Bool) -> JSONValue {
    guard case .object(var root) = made, case .object(var metadata)? = root["metadata"] else { return made }
    metadata["labels"] = adding(present["metadata"]?["labels"], to: metadata["labels"]) { _ in true }
    metadata["annotations"] = adding(present["metadata"]?["annotations"], to: metadata["annotations"]) {
      !$0.utf8.starts(with: AnnotationKey.prefix.utf8)
    }
    root["metadata"] = .object(metadata)
    if keepsKeys {
      let data = DesiredObject.object(present.objectData(.secret).mapValues(Base64.encoded))
      root["data"] = adding(data, to: root["data"]) { !SecretKey.isPosterns($0) }
      // A Secret's type cannot be changed.
      if let type = present["type"] { root["type"] = type }
    }
    return .object(root)
  }

  private static func adding(
    _ others: JSONValue?, to own: JSONValue?, where isKept: (String) -> Bool
  ) -> JSONValue? {
    guard case .object(let others)? = others else { return own }
    var all = JSONObject()
    if case .object(let own)? = own { all = own }
    for member in others.members where all[member.key] == nil && isKept(member.key) { all[member.key] = member.value }
    return all.members.isEmpty ? own : .object(all)
  }
}
