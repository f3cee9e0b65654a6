import Contract
import JSONBytes

extension Manifest {
  /// Postern leaves this namespace alone, offline, too.
  static let systemNamespace = "kube-system"

  /// Why no webhook is asked about it, by its namespace; nil where one is.
  /// - Parameter disabled: the namespaces that the files keep from Postern.
  func passedOver(_ disabled: Set<String>) -> (severity: Finding.Severity, message: String)? {
    if [Self.systemNamespace, "\(Installation.name)-system"].contains(namespace) {
      return (.error, "no webhook is asked in namespace \(namespace), so nothing reads this; use another namespace")
    }
    return disabled.contains(namespace)
      ? (.warning, "the label \(AnnotationKey.inject): disabled of namespace \(namespace) leaves this alone") : nil
  }

  /// The namespaces among these that have the label by which the webhook is not asked.
  static func disabledNamespaces(_ manifests: [Manifest]) -> Set<String> {
    let disabled = manifests.filter {
      $0.kind == "Namespace" && $0.object["metadata"]?["labels"]?[AnnotationKey.inject]?.string == "disabled"
    }
    return Set(disabled.map(\.name))
  }
}
