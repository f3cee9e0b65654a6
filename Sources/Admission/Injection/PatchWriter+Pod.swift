import Contract
import JSONBytes
import JSONPatch

/// The place of an array, and the place behind its last element.
struct ArrayPlace {
  static let volumes = Self(JSONPointer("spec", "volumes"))
  static let containers = Self(JSONPointer("spec", "containers"))
  static let initContainers = Self(JSONPointer("spec", "initContainers"))
  fileprivate static let pullSecrets = Self(JSONPointer("spec", "imagePullSecrets"))

  let array: JSONPointer
  fileprivate let end: JSONPointer

  init(_ array: JSONPointer) {
    self.array = array
    end = array.appending("-")
  }
}

/// An annotation by which a Pod shows what was added to it.
struct PodMark {
  fileprivate static let annotations = JSONPointer("metadata", "annotations")
  static let injected = Self(AnnotationKey.injected, SidecarContainer.mark)
  static let connected = Self(AnnotationKey.connected, ServiceBinding.mark)

  fileprivate let key: String
  fileprivate let value: String
  fileprivate let place: JSONPointer

  private init(_ key: String, _ value: String) {
    (self.key, self.value, place) = (key, value, Self.annotations.appending(key))
  }
}

extension PatchWriter {
  /// Adds a mark to a Pod.
  mutating func add(_ mark: PodMark, hasAnnotations: Bool) {
    if hasAnnotations {
      add(mark.place) { $0.string(mark.value) }
    } else {
      add(PodMark.annotations) { $0.object { $0.member(mark.key, mark.value) } }
    }
  }

  /// Adds elements at an array's end, or adds the array.
  mutating func append<Elements: Collection>(
    _ elements: Elements, to place: ArrayPlace, isThere: Bool, _ write: (Elements.Element, inout JSONWriter) -> Void
  ) {
    guard !elements.isEmpty else { return }
    guard isThere else {
      add(place.array) { writer in
        writer.array { writer in for element in elements { write(element, &writer) } }
      }
      return
    }
    for element in elements { add(place.end) { write(element, &$0) } }
  }

  /// Adds the Secret with which the sidecar's image is pulled, if the admin names one and the Pod does not have it.
  mutating func appendPullSecret(_ settings: AdmissionSettings, to pod: PodContainers) {
    guard let secret = settings.imagePullSecret, !pod.pullSecrets.contains(secret) else { return }
    append(CollectionOfOne(secret), to: .pullSecrets, isThere: pod.hasPullSecrets) { secret, writer in
      writer.object { $0.member("name", secret) }
    }
  }
}
