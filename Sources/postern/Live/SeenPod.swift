import Admission
import Contract
import JSONBytes
import KubernetesAPI

/// What is kept of a customer's Pod.
struct SeenPod: Sendable {
  /// The condition that the controller writes.
  struct Condition: Equatable, Sendable {
    let reason: String
    /// The first digits of the declaration's hash.
    let declaration: String?
    /// The message without the declaration.
    let message: String

    /// Nil where the conditions do not contain it.
    init?(_ conditions: [JSONValue]) {
      guard let condition = conditions.last(where: { $0["type"]?.string == PodCondition.provisioned }) else {
        return nil
      }
      reason = condition["reason"]?.string ?? ""
      let text = condition["message"]?.string ?? ""
      // "declaration ", twelve digits, ": "
      let rest = text.dropFirst("declaration ".count)
      guard text.hasPrefix("declaration "), rest.dropFirst(12).hasPrefix(": ") else {
        (declaration, message) = (nil, text)
        return
      }
      (declaration, message) = (String(rest.prefix(12)), String(rest.dropFirst(14)))
    }
  }

  let name: CustomerName
  let pod: String
  let created: String
  let phase: String
  let isReady: Bool
  let isInjected: Bool
  /// The object that made it, such as `StatefulSet/db`; nil for a Pod that nothing made.
  let owner: String?
  let condition: Condition?
  /// The sidecar's image; nil where there is no sidecar.
  let sidecarImage: String?

  /// Nil where Postern has nothing to do with it, or it has ended.
  init?(_ bytes: [UInt8], _ object: JSONValue, namespace: String) {
    guard let declared = DeclaredPostgres(bytes, kind: .pod, namespace: namespace) else { return nil }
    let (metadata, status) = (object["metadata"], object["status"])
    phase = status?["phase"]?.string ?? ""
    guard !object.podHasEnded else { return nil }
    name = CustomerName(namespace: namespace, customer: declared.customer)
    pod = metadata?["name"]?.string ?? ""
    created = metadata?["creationTimestamp"]?.string ?? ""
    isInjected = declared.isInjected
    isReady = object.podIsReady
    condition = Condition(status?["conditions"]?.array ?? [])
    owner = object.podWorkload.map { "\($0.kind)/\($0.name)" }
    let sidecar = object.podContainer(SidecarContainer.name)
    sidecarImage = declared.isInjected ? sidecar?["image"]?.string : nil
  }

  /// The version in the sidecar's image, where it is another than this program's; nil where it is the same or not known.
  var otherVersion: String? { sidecarImage.flatMap { ImageVersion.other(in: $0) } }
}
