import Contract
import JSONBytes
import KubernetesAPI

/// The labels of a workload's Pods, as far as a Service can select by them. They are kept as JSON, which takes less
/// memory than a dictionary, because the controller keeps them for every customer.
package struct PodLabels: Hashable, Sendable {
  private let labels: [UInt8]
  private let selector: [UInt8]
  /// The StatefulSet that names its Pods and gives each a label with its name; nil for another kind.
  private let statefulSet: String?

  /// No labels.
  package init() { (labels, selector, statefulSet) = ([], [], nil) }

  init(_ object: CustomerObject) {
    func bytes(_ slice: JSONSlice?) -> [UInt8] { slice.map { Array(object.bytes[$0.range]) } ?? [] }
    labels = bytes(object.pod?.metadata?.labels)
    selector = bytes(object.role == .workload ? object.spec.selector : nil)
    statefulSet = object.kind == GroupVersionKind.statefulSet.kind ? object.ownName : nil
  }

  /// The labels that all Pods have.
  package var all: [String: String] { (try? JSONValue(parsing: labels))?.texts ?? [:] }

  /// What a Service of Postern's selects: the labels by which the workload itself knows its Pods; of a bare Pod, all
  /// of its labels. A Service cannot express a selector's `matchExpressions`. The customer's label then narrows it.
  package func selector(customer: String) -> [String: String] {
    guard !selector.isEmpty, let value = try? JSONValue(parsing: selector) else { return all }
    var labels = value["matchLabels"]?.texts ?? [:]
    if labels.isEmpty || value["matchExpressions"]?.array?.isEmpty == false {
      labels[AnnotationKey.customerLabel] = customer
    }
    return labels
  }

  /// The first pair of a Service's selector that the Pods do not have; nil where it selects them.
  /// - Parameter isReplicated: whether something else sets labels on Pods by which of them is the primary.
  func missing(from selector: [String: String], isReplicated: Bool) -> (key: String, value: String)? {
    let labels = all
    return selector.sorted { $0.key < $1.key }.first { key, value in
      if let own = labels[key] { return own != value }
      if isReplicated { return false }
      return !isOfStatefulSet(key, value)
    }
  }

  /// Whether Kubernetes gives the label to one of a StatefulSet's Pods (Kubernetes docs, "StatefulSets", Pod name label
  /// and Pod index label).
  private func isOfStatefulSet(_ key: String, _ value: String) -> Bool {
    guard let statefulSet else { return false }
    switch key {
    case "statefulset.kubernetes.io/pod-name": return value.utf8.starts(with: "\(statefulSet)-".utf8)
    case "apps.kubernetes.io/pod-index": return UInt(value) != nil
    default: return false
    }
  }
}
