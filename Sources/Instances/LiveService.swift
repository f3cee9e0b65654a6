package import Admission
import Contract
package import JSONBytes

/// A Service as the API server stores it.
package struct LiveService: Equatable, Sendable {
  package let facts: ServiceFacts
  package let uid: String
  package let resourceVersion: String
  /// UIDs of its owners.
  let owners: Set<String>
  private let labels: [String: String]

  package init(_ object: JSONValue) {
    let metadata = object["metadata"]
    facts = ServiceFacts(object)
    uid = metadata?["uid"]?.string ?? ""
    resourceVersion = metadata?["resourceVersion"]?.string ?? ""
    owners = Set((metadata?["ownerReferences"]?.array ?? []).compactMap { $0["uid"]?.string })
    var labels: [String: String] = [:]
    for key in [ObjectLabel.managedBy, AnnotationKey.customerLabel] { labels[key] = metadata?["labels"]?[key]?.string }
    self.labels = labels
  }

  /// Whether Postern has made it for this customer.
  package func isManaged(for customer: String) -> Bool {
    labels[ObjectLabel.managedBy] == ObjectLabel.manager && labels[AnnotationKey.customerLabel] == customer
  }
}
