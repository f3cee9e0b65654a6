import JSONBytes
import KubernetesAPI
import TestSupport

@testable import Controller

/// What a test's object is made from.
struct Sample {
  var kind = "Deployment"
  var name = "db"
  var namespace = "shops"
  var customer = "acme"
  var annotations: [String: String] = ["postern.io/users": "shop", "postern.io/databases": "orders"]
  var templateAnnotations: [String: String] = [:]
  /// Whether the object itself has the label; a Pod template always has it.
  var isLabelled = true
  var uid: String?
  var created = "2026-01-01T00:00:00Z"
  /// Variables of the Postgres container, as JSON.
  var environment = "[]"
  /// The ReplicaSet that a Pod belongs to.
  var replicaSet: String?
  /// Its container's name and image.
  var container = "postgres"
  var image = "postgres:17"
  /// Labels beside the customer's.
  var labels: [String: String] = [:]
  /// Whether an object with the webhook's mark also has the sidecar's container.
  var hasMarkedSidecar = true

  /// The manifest, in a form that a real API server accepts.
  func manifest() throws -> JSONValue {
    let isInjected = annotations["postern.io/injected"] != nil && hasMarkedSidecar
    let sidecar = isInjected ? #",{"name":"postern","image":"sidecar"}"# : ""
    let podSpec = #"{"containers":[{"name":"\#(container)","image":"\#(image)","env":\#(environment)}\#(sidecar)]}"#
    let own = Self.text(annotations)
    let labels = Self.text(labels.merging(isLabelled ? ["postern.io/customer": customer] : [:]) { $1 })
    var metadata =
      #""name":"\#(name)","namespace":"\#(namespace)","labels":\#(labels),"annotations":\#(own)"#
    if let uid { metadata += #","uid":"\#(uid)","creationTimestamp":"\#(created)""# }
    if kind == "Pod" {
      if let replicaSet {
        metadata +=
          #","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"\#(replicaSet)","uid":"\#(replicaSet)-uid","controller":true}]"#
      }
      return try json(#"{"apiVersion":"v1","kind":"Pod","metadata":{\#(metadata)},"spec":\#(podSpec)}"#)
    }
    let template =
      #"{"metadata":{"labels":{"app":"\#(name)","postern.io/customer":"\#(customer)"},"annotations":\#(Self.text(templateAnnotations))},"spec":\#(podSpec)}"#
    return try json(
      #"{"apiVersion":"apps/v1","kind":"\#(kind)","metadata":{\#(metadata)},"spec":{"serviceName":"\#(name)","selector":{"matchLabels":{"app":"\#(name)"}},"template":\#(template)}}"#
        .replacing(kind == "Deployment" ? #""serviceName":"\#(name)","# : "\u{0}", with: ""))
  }

  /// What a watch keeps of it.
  func sighting() throws -> Sighting { try Sighting(manifest().bytes, .named(kind)) }

  private static func text(_ annotations: [String: String]) -> String {
    var object = JSONObject()
    for (key, value) in annotations { object[key] = .string(value) }
    return String(decoding: JSONValue.object(object).bytes, as: UTF8.self)
  }
}

extension Resource {
  static func named(_ kind: String) -> Resource {
    switch kind {
    case "Deployment": .deployments
    case "StatefulSet": .statefulSets
    default: .pods
    }
  }
}
