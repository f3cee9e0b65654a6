import DatabaseSpec
import JSONBytes

extension Injection {
  private static let arguments = #"["run"]"#
  private static let resources = #"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"memory":"16Mi"}}"#
  /// Quick to say yes; three misses before a Pod that was ready leaves its Service, lest a busy node take it out.
  private static let readinessProbe =
    #"{"exec":{"command":["/postern-sidecar","ready"]},"periodSeconds":2,"timeoutSeconds":5,"failureThreshold":3}"#

  /// The sidecar's container. It asks for nothing that the Pod Security Standard `restricted` forbids, and it has no
  /// token: the API server mounts those before webhooks run. It has no startup probe: Postgres, which it would wait
  /// for, starts after a native sidecar has.
  func writeContainer(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", Self.containerName)
      writer.member("image", settings.sidecarImage)
      writer.member("args", json: Self.arguments)
      writer.key("env")
      writer.array(writeEnvironment)
      writer.member("resources", json: Self.resources)
      writer.key("volumeMounts")
      writer.array(writeMounts)
      if gatesReadiness { writer.member("readinessProbe", json: Self.readinessProbe) }
      if settings.sidecarMode == .native { writer.member("restartPolicy", "Always") }
      writer.member("terminationMessagePolicy", "FallbackToLogsOnError")
      writer.key("securityContext")
      writer.object(writeSecurityContext)
    }
  }

  private func writeEnvironment(_ writer: inout JSONWriter) {
    writer.variable("POSTERN_CUSTOMER", customer)
    writer.variable("POSTERN_PORT", String(port))
    for variable in admin.variables {
      switch variable {
      case .literal(let name, let value): writer.variable(name, value)
      case .computed(let name, let json):
        writer.object { writer in
          writer.member("name", name)
          writer.key("valueFrom")
          writer.raw(json)
        }
      }
    }
  }

  private func writeMounts(_ writer: inout JSONWriter) {
    writer.mount(Self.volumeName, at: VolumeLayout.mountPath, readOnly: true)
    writer.mount(Self.statusVolumeName, at: Self.statusPath, readOnly: false)
    for mount in admin.mounts { writer.mount(mount.volume, at: mount.path, subPath: mount.subPath, readOnly: true) }
  }

  /// As Postgres's own user, so that files which are its alone can be read; never as root.
  private func writeSecurityContext(_ writer: inout JSONWriter) {
    let identity = postgres.identity.inheriting(pod.identity)
    let user = identity.user ?? 0
    writer.member("allowPrivilegeEscalation", false)
    writer.member("capabilities", json: #"{"drop":["ALL"]}"#)
    writer.member("readOnlyRootFilesystem", true)
    writer.member("runAsNonRoot", true)
    writer.member("runAsUser", user > 0 ? user : Self.defaultUser)
    if let group = identity.group, user > 0 { writer.member("runAsGroup", group) }
    writer.member("seccompProfile", json: #"{"type":"RuntimeDefault"}"#)
  }
}

extension JSONWriter {
  /// A member whose value is the same in every Pod.
  fileprivate mutating func member(_ key: String, json: String) {
    self.key(key)
    raw(json.utf8)
  }

  /// A member of `env`.
  mutating func variable(_ name: String, _ value: String) {
    object { writer in
      writer.member("name", name)
      writer.member("value", value)
    }
  }

  /// A member of `volumeMounts`.
  mutating func mount(_ volume: String, at path: String, subPath: String = "", readOnly: Bool) {
    object { writer in
      writer.member("name", volume)
      writer.member("mountPath", path)
      if !subPath.isEmpty { writer.member("subPath", subPath) }
      if readOnly { writer.member("readOnly", true) }
    }
  }
}
