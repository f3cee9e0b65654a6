package import JSONBytes

/// The parts of an object that a decision may depend on: `metadata`, and `spec` as in a Pod, `spec.template` as in a
/// workload, or `data` as in a Secret. Members that are null or missing are nil. A slice is checked to be JSON and
/// nothing more: in a kind that Postern does not handle, it may hold anything. A class, because it is over a kilobyte large,
/// and is handed on.
package final class ObjectSlices: Sendable {
  /// `metadata` and `spec`, read as in a Pod.
  package let pod: PodSlices
  /// `spec.template`.
  package let template: PodSlices?
  /// `data`
  package let data: JSONSlice?
  /// `stringData`. The API server merges it into `data`, but a manifest may still have it.
  package let stringData: JSONSlice?

  /// Reads the next value; nil where it is not an object.
  package init?(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.entersObject() else { return nil }
    var (pod, template) = (PodSlices(), PodSlices?.none)
    var (data, stringData): (JSONSlice?, JSONSlice?)
    while let key = try reader.nextKey() {
      if try pod.takes(key, &reader, template: &template) { continue }
      if reader.matches(key, "data") {
        data = try reader.optionalValue()
      } else if reader.matches(key, "stringData") {
        stringData = try reader.optionalValue()
      } else {
        try reader.skip()
      }
    }
    (self.pod, self.template, self.data, self.stringData) = (pod, template, data, stringData)
  }
}

/// A Pod or a Pod template.
package struct PodSlices: Sendable {
  /// `metadata`.
  package private(set) var metadata: MetadataSlices?
  /// `spec`.
  package private(set) var spec = PodSpecSlices()
  /// Where a template is in the document; empty for a Pod.
  package private(set) var range = 0..<0

  init() {}

  /// Reads the next value, a template; nil where it is not an object.
  init?(_ reader: inout JSONReader) throws(JSONError) {
    let start = reader.position
    guard try reader.entersObject() else { return nil }
    var nested: PodSlices?
    while let key = try reader.nextKey() {
      if try !takes(key, &reader, template: &nested) { try reader.skip() }
    }
    range = start..<reader.position
  }

  /// Reads a member's value if it is one of these members, and in `spec` also `template`.
  /// - Returns: whether it was one of them.
  @inline(__always)
  fileprivate mutating func takes(
    _ key: JSONString, _ reader: inout JSONReader, template: inout PodSlices?
  ) throws(JSONError) -> Bool {
    if reader.matches(key, "metadata") {
      metadata = try MetadataSlices(&reader)
    } else if reader.matches(key, "spec") {
      spec = try PodSpecSlices(&reader, template: &template)
    } else {
      return false
    }
    return true
  }
}

/// The parts of an object's `metadata`.
package struct MetadataSlices: Sendable {
  /// `labels`
  package private(set) var labels: JSONSlice?
  /// `annotations`
  package private(set) var annotations: JSONSlice?
  /// `name`
  package private(set) var name: JSONSlice?
  /// `generateName`
  package private(set) var generateName: JSONSlice?
  /// `ownerReferences`: the objects that own it. One of them may be its controller.
  package private(set) var ownerReferences: JSONSlice?
  /// `deletionTimestamp`; present while the object is being deleted.
  package private(set) var deletionTimestamp: JSONSlice?
  /// `managedFields`: who wrote which fields.
  package private(set) var managedFields: JSONSlice?

  init?(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.entersObject() else { return nil }
    while let key = try reader.nextKey() {
      if reader.matches(key, "labels") {
        labels = try reader.optionalValue()
      } else if reader.matches(key, "annotations") {
        annotations = try reader.optionalValue()
      } else if reader.matches(key, "name") {
        name = try reader.optionalValue()
      } else if reader.matches(key, "generateName") {
        generateName = try reader.optionalValue()
      } else if reader.matches(key, "ownerReferences") {
        ownerReferences = try reader.optionalValue()
      } else if reader.matches(key, "deletionTimestamp") {
        deletionTimestamp = try reader.optionalValue()
      } else if reader.matches(key, "managedFields") {
        managedFields = try reader.optionalValue()
      } else {
        try reader.skip()
      }
    }
  }
}

/// The parts of a Pod's `spec`, and of a workload's.
package struct PodSpecSlices: Sendable {
  /// `containers`
  package private(set) var containers: JSONSlice?
  /// `initContainers`
  package private(set) var initContainers: JSONSlice?
  /// `volumes`
  package private(set) var volumes: JSONSlice?
  /// `securityContext`
  package private(set) var securityContext: JSONSlice?
  /// `dnsPolicy`
  package private(set) var dnsPolicy: JSONSlice?
  /// `hostNetwork`
  package private(set) var hostNetwork: JSONSlice?
  /// `imagePullSecrets`
  package private(set) var imagePullSecrets: JSONSlice?
  /// `resources`, of the Pod as a whole.
  package private(set) var resources: JSONSlice?

  /// `replicas` of a workload.
  package private(set) var replicas: JSONSlice?
  /// A workload's `selector`.
  package private(set) var selector: JSONSlice?
  /// A StatefulSet's `serviceName`.
  package private(set) var serviceName: JSONSlice?
  /// A StatefulSet's `ordinals`.
  package private(set) var ordinals: JSONSlice?
  /// A StatefulSet's `volumeClaimTemplates`.
  package private(set) var volumeClaimTemplates: JSONSlice?
  /// `strategy` of a Deployment.
  package private(set) var strategy: JSONSlice?
  /// `jobTemplate` of a CronJob.
  package private(set) var jobTemplate: JSONSlice?
  /// `os` of a Pod.
  package private(set) var os: JSONSlice?
  /// `nodeSelector` of a Pod.
  package private(set) var nodeSelector: JSONSlice?
  /// `affinity` of a Pod.
  package private(set) var affinity: JSONSlice?

  init() {}

  init(_ reader: inout JSONReader, template: inout PodSlices?) throws(JSONError) {
    // Of members with the same name, the last one counts, here as in the object that a patch is applied to.
    template = nil
    guard try reader.entersObject() else { return }
    while let key = try reader.nextKey() {
      if reader.matches(key, "containers") {
        containers = try reader.optionalValue()
      } else if reader.matches(key, "initContainers") {
        initContainers = try reader.optionalValue()
      } else if reader.matches(key, "volumes") {
        volumes = try reader.optionalValue()
      } else if reader.matches(key, "securityContext") {
        securityContext = try reader.optionalValue()
      } else if reader.matches(key, "hostNetwork") {
        hostNetwork = try reader.optionalValue()
      } else if reader.matches(key, "imagePullSecrets") {
        imagePullSecrets = try reader.optionalValue()
      } else if reader.matches(key, "resources") {
        resources = try reader.optionalValue()
      } else if reader.matches(key, "replicas") {
        replicas = try reader.optionalValue()
      } else if reader.matches(key, "selector") {
        selector = try reader.optionalValue()
      } else if reader.matches(key, "serviceName") {
        serviceName = try reader.optionalValue()
      } else if reader.matches(key, "ordinals") {
        ordinals = try reader.optionalValue()
      } else if reader.matches(key, "volumeClaimTemplates") {
        volumeClaimTemplates = try reader.optionalValue()
      } else if reader.matches(key, "strategy") {
        strategy = try reader.optionalValue()
      } else if reader.matches(key, "jobTemplate") {
        jobTemplate = try reader.optionalValue()
      } else if reader.matches(key, "dnsPolicy") {
        dnsPolicy = try reader.optionalValue()
      } else if reader.matches(key, "os") {
        os = try reader.optionalValue()
      } else if reader.matches(key, "nodeSelector") {
        nodeSelector = try reader.optionalValue()
      } else if reader.matches(key, "affinity") {
        affinity = try reader.optionalValue()
      } else if reader.matches(key, "template") {
        template = try PodSlices(&reader)
      } else {
        try reader.skip()
      }
    }
  }
}
