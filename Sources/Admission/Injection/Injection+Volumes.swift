import Contract
import JSONBytes

extension Injection {
  /// The volume that the sidecar reads (`VolumeLayout`). The controller may create its two objects after the Pod; the
  /// kubelet adds them to the volume when they exist.
  func writeVolume(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.part(Self.volumeBeginning)
    writer.string(ObjectName.spec(customer: customer))
    writer.part(#","optional":true}},{"secret":{"name":"#)
    writer.string(ObjectName.passwords(customer: customer))
    writer.part(#","optional":true}}"#)
    for source in admin.sources {
      writer.part(",")
      writer.source(source.kind, source.object, items: source.items, isOptional: source.isOptional)
    }
    writer.part("]}")
    writer.endObject()
  }

  private static let volumeBeginning = JSONWriter.part { writer in
    writer.member("name", SidecarContainer.volumeName)
    writer.part(#","projected":{"sources":[{"configMap":{"name":"#)
  }

  /// The volume of the sidecar's status.
  func writeStatusVolume(_ writer: inout JSONWriter) {
    writer.raw(Self.statusVolume)
  }

  private static let statusVolume = JSONWriter.part { writer in
    writer.object { writer in
      writer.member("name", SidecarContainer.statusVolumeName)
      writer.part(#","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}"#)
    }
  }

  /// The volume from which Postgres reads its superuser's name and password. The Secret is not optional, because an
  /// instance must not be initialised before the controller has created it.
  func writeAdminVolume(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", SidecarContainer.adminVolumeName)
      writer.part(#","secret":{"secretName":"#)
      writer.string(admin.bootstrap?.secret ?? "")
      writer.part("}")
    }
  }
}

extension JSONWriter {
  /// A source of a projected volume; without items it contains all keys.
  fileprivate mutating func source(
    _ kind: ObjectReference.Kind, _ name: String, items: [(key: String, path: String)], isOptional: Bool
  ) {
    beginObject()
    switch kind {
    case .configMap: part(#""configMap":{"name":"#)
    case .secret: part(#""secret":{"name":"#)
    }
    string(name)
    if !items.isEmpty {
      part(#","items":["#)
      for item in items {
        beginObject()
        part(#""key":"#)
        string(item.key)
        part(#","path":"#)
        string(item.path)
        endObject()
      }
      part("]")
    }
    if isOptional { part(#","optional":true"#) }
    part("}")
    endObject()
  }
}
