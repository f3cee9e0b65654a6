import Contract
import JSONBytes

extension Manifest {
  /// Postern leaves this namespace alone, offline, too.
  static let systemNamespace = "kube-system"

  /// Why no webhook is asked about it, by its namespace and what the files say of that; nil where one is.
  func passedOver(among manifests: [Manifest]) -> (severity: Finding.Severity, message: String)? {
    if [Self.systemNamespace, "\(Installation.name)-system"].contains(namespace) {
      return (.error, "no webhook is asked in namespace \(namespace), so nothing reads this; use another namespace")
    }
    let isDisabled = manifests.contains { other in
      other.kind == "Namespace" && other.name == namespace
        && other.object["metadata"]?["labels"]?[AnnotationKey.inject]?.string == "disabled"
    }
    return isDisabled
      ? (.warning, "the label \(AnnotationKey.inject): disabled of namespace \(namespace) leaves this alone") : nil
  }
}
