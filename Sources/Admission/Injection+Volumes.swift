import JSONBytes

extension Injection {
  /// What the sidecar reads (`VolumeLayout`). The controller may make its two objects after the Pod: the kubelet fills
  /// them in when they come.
  func writeVolume(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", Self.volumeName)
      writer.key("projected")
      writer.object { writer in
        writer.key("sources")
        writer.array { writer in
          writer.source(.configMap, "\(customer)-pg-spec", isOptional: true)
          writer.source(.secret, "\(customer)-pg-passwords", isOptional: true)
          for source in admin.sources {
            writer.source(source.kind, source.object, items: source.items, isOptional: source.isOptional)
          }
        }
      }
    }
  }

  /// Where the sidecar writes its status.
  func writeStatusVolume(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", Self.statusVolumeName)
      writer.key("emptyDir")
      writer.object { writer in
        writer.member("medium", "Memory")
        writer.member("sizeLimit", "1Mi")
      }
    }
  }

  /// What Postgres reads its superuser's name and password from. Not optional: an instance must not be initialised
  /// before the controller has made them.
  func writeAdminVolume(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", Self.adminVolumeName)
      writer.key("secret")
      writer.object { $0.member("secretName", admin.bootstrap?.secret ?? "") }
    }
  }
}

extension JSONWriter {
  /// A source of a projected volume; without items it is all keys.
  fileprivate mutating func source(
    _ kind: ObjectReference.Kind, _ name: String, items: [(key: String, path: String)] = [], isOptional: Bool
  ) {
    object { writer in
      writer.key(kind.rawValue)
      writer.object { writer in
        writer.member("name", name)
        if !items.isEmpty {
          writer.key("items")
          writer.array { writer in
            for item in items {
              writer.object { writer in
                writer.member("key", item.key)
                writer.member("path", item.path)
              }
            }
          }
        }
        if isOptional { writer.member("optional", true) }
      }
    }
  }
}
