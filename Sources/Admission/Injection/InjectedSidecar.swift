import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// A container with the sidecar's name in a Pod with the webhook's mark. It comes from an earlier call of the webhook,
/// was printed by `postern inject`, or somebody has written both manually. Only the parts are checked without which the
/// sidecar cannot work. The image, and other fields that other webhooks may change, are not checked.
struct InjectedSidecar {
  private var name = ""
  private var arguments: [String] = []
  private var customer: String?
  private var mountsVolume = false
  private var restarts = false

  /// Why the container is not a sidecar; nil where it is as the injection writes it.
  /// - Parameters:
  ///   - pod: the Pod, or a workload's Pod template.
  ///   - field: the prefix of the Pod's fields.
  static func fault(
    in pod: PodSlices, customer: String, field: String, of bytes: [UInt8]
  ) throws(JSONError) -> StatusCause? {
    var cause: StatusCause?
    for (list, slice) in [("initContainers", pod.spec.initContainers), ("containers", pod.spec.containers)] {
      guard let slice else { continue }
      var reader = JSONReader(slice, of: bytes)
      var (index, found) = (0, false)
      _ = try reader.elements { reader throws(JSONError) in
        let container = try Self(&reader)
        if container.name == SidecarContainer.name {
          found = true
          cause = container.lack(of: customer, isInit: list == "initContainers").map {
            StatusCause(
              field: "\(field)spec.\(list)[\(index)]",
              message:
                "this is not Postern's sidecar, though \(AnnotationKey.injected) says that it is in: \($0); take the "
                + "annotation and the container out, with its volumes, and Postern adds its own, or rename yours")
          }
        }
        index += 1
      }
      if found, cause == nil { return nil }
    }
    return cause
  }

  private init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "args") {
        _ = try reader.elements { reader throws(JSONError) in arguments.append(try reader.optionalText() ?? "") }
      } else if reader.matches(key, "env") {
        _ = try reader.elements { reader throws(JSONError) in try readVariable(&reader) }
      } else if reader.matches(key, "volumeMounts") {
        _ = try reader.elements { reader throws(JSONError) in
          let mount = try VolumeMount(&reader)
          if mount?.volume == SidecarContainer.volumeName, mount?.cleanPath == VolumeLayout.mountPath {
            mountsVolume = true
          }
        }
      } else if reader.matches(key, "restartPolicy") {
        restarts = try reader.optionalText() == "Always"
      } else {
        try reader.skip()
      }
    }
  }

  private mutating func readVariable(_ reader: inout JSONReader) throws(JSONError) {
    var (name, value) = ("", String?.none)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "value") {
        value = try reader.optionalText()
      } else {
        try reader.skip()
      }
    }
    if name == SidecarVariable.customer { customer = value }
  }

  private func lack(of customer: String, isInit: Bool) -> String? {
    if arguments != SidecarContainer.runArguments {
      return "its args are not \(SidecarContainer.runArguments)"
    }
    if self.customer != customer { return "its \(SidecarVariable.customer) is not \(quoted(customer))" }
    if !mountsVolume {
      return "it does not mount the volume \"\(SidecarContainer.volumeName)\" at \(VolumeLayout.mountPath)"
    }
    return isInit && !restarts ? "an init container, it has no restartPolicy Always" : nil
  }
}
