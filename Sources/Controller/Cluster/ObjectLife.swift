import Contract
import JSONBytes
import KubernetesAPI

/// An object's age, its controller, and whether it has ended.
struct ObjectLife: Equatable {
  /// `metadata.creationTimestamp`. As text, it sorts by time.
  private(set) var created = ""
  /// The controller that made and manages the object; nil where there is none.
  private(set) var owner: ObservedPod.Owner?
  /// Whether it has a label that Kubernetes gives to the Pods of a workload. It stays when the workload goes without its Pods.
  private(set) var isMadeOfTemplate = false
  /// `status.phase` of a Pod.
  private(set) var phase = ""
  /// `status.podIP` of a Pod.
  private(set) var address: String?
  /// How many times its containers have been restarted.
  private(set) var restarts = 0
  /// The port of its sidecar's status.
  private(set) var statusPort: Int?
  /// The state in the condition that Postern writes.
  private(set) var condition: ObservedPod.Condition?
  /// Its sidecar.
  private(set) var sidecar = ObservedPod.Sidecar()

  /// Whether it is a Pod that has ended for good.
  var isOver: Bool { PodState.hasEnded(phase: phase) }

  /// Reads these fields of an object. All others are skipped, however deep they are.
  init(_ bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "metadata"), try reader.peek() == .object {
        try readMetadata(&reader)
      } else if reader.matches(key, "status"), try reader.peek() == .object {
        try readStatus(&reader)
      } else if reader.matches(key, "spec"), try reader.peek() == .object {
        try readSpec(&reader)
      } else {
        try reader.skip()
      }
    }
  }

  private mutating func readStatus(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "phase") {
        phase = try reader.optionalText() ?? ""
      } else if reader.matches(key, "podIP") {
        address = try reader.optionalText()
      } else if reader.matches(key, "containerStatuses") || reader.matches(key, "initContainerStatuses"),
        try reader.peek() == .array
      {
        try reader.beginArray()
        while try reader.nextElement() {
          let container = try ContainerLife(&reader)
          restarts &+= container.restarts
          sidecar.see(container)
        }
      } else if reader.matches(key, "conditions"), try reader.peek() == .array {
        try reader.beginArray()
        while try reader.nextElement() {
          let (type, found) = try ObservedPod.Condition.read(&reader)
          if type == PodCondition.provisioned { condition = found }
          if type == PodState.ready { sidecar.isPodReady = found.status == "True" }
        }
      } else {
        try reader.skip()
      }
    }
  }

  /// Finds the sidecar's container.
  private mutating func readSpec(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      let isInit = reader.matches(key, "initContainers")
      guard isInit || reader.matches(key, "containers"), try reader.peek() == .array else {
        try reader.skip()
        continue
      }
      try reader.beginArray()
      while try reader.nextElement() { try readContainer(&reader, isInit: isInit) }
    }
  }

  private mutating func readContainer(_ reader: inout JSONReader, isInit: Bool) throws(JSONError) {
    var (name, image, restartPolicy, port) = (String?.none, String?.none, String?.none, Int?.none)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText()
      } else if reader.matches(key, "image") {
        image = try reader.optionalText()
      } else if reader.matches(key, "restartPolicy") {
        restartPolicy = try reader.optionalText()
      } else if reader.matches(key, "ports"), try reader.peek() == .array {
        try reader.beginArray()
        while try reader.nextElement() { port = try reader.statusPort() ?? port }
      } else {
        try reader.skip()
      }
    }
    guard name == SidecarContainer.name else { return }
    statusPort = port
    sidecar.image = image ?? ""
    sidecar.isNative = isInit && restartPolicy == "Always"
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "creationTimestamp") {
        created = try reader.optionalText() ?? ""
      } else if reader.matches(key, "ownerReferences"), try reader.peek() == .array {
        try reader.beginArray()
        while try reader.nextElement() {
          let controller = try ObservedPod.Owner(&reader)
          owner = owner ?? controller
        }
      } else if reader.matches(key, "labels"), try reader.peek() == .object {
        try reader.beginObject()
        while let key = try reader.nextKey() {
          if reader.matches(key, "pod-template-hash") || reader.matches(key, "controller-revision-hash")
            || reader.matches(key, "statefulset.kubernetes.io/pod-name")
          {
            isMadeOfTemplate = true
          }
          try reader.skip()
        }
      } else if reader.matches(key, "annotations"), try reader.peek() == .object {
        try reader.beginObject()
        while let key = try reader.nextKey() {
          if reader.matches(key, AnnotationKey.injectedBytes) {
            sidecar.mark = try reader.optionalText() ?? ""
          } else if reader.matches(key, AnnotationKey.sidecarUpdatedBytes) {
            sidecar.wasUpdated = try reader.optionalText() != nil
          } else {
            try reader.skip()
          }
        }
      } else {
        try reader.skip()
      }
    }
  }
}

extension JSONReader {
  /// The number of the next value, a container's port, if it is the status port.
  fileprivate mutating func statusPort() throws(JSONError) -> Int? {
    var (name, number) = (String?.none, Int?.none)
    try beginObject()
    while let key = try nextKey() {
      if matches(key, "name") {
        name = try optionalText()
      } else if matches(key, "containerPort") {
        number = try null() ? nil : try integer()
      } else {
        try skip()
      }
    }
    guard name == StatusPort.name, let number, (1...65535).contains(number) else { return nil }
    return number
  }
}
