import DatabaseSpec
import JSONBytes

extension Injection {
  /// The sidecar's container. It asks for nothing that the Pod Security Standard `restricted` forbids, and it has no
  /// token: the API server mounts those before webhooks run. It has no startup probe: Postgres, which it would wait
  /// for, starts after a native sidecar has.
  func writeContainer(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", Self.containerName)
      writer.member("image", settings.sidecarImage)
      writer.key("args")
      writer.array { $0.string("run") }
      writer.key("env")
      writer.array(writeEnvironment)
      writer.key("resources")
      writer.object(Self.writeResources)
      writer.key("volumeMounts")
      writer.array(writeMounts)
      if gatesReadiness {
        writer.key("readinessProbe")
        writer.object(Self.writeReadinessProbe)
      }
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

  private static func writeResources(_ writer: inout JSONWriter) {
    writer.key("requests")
    writer.object { writer in
      writer.member("cpu", "5m")
      writer.member("memory", "8Mi")
    }
    writer.key("limits")
    writer.object { $0.member("memory", "16Mi") }
  }

  private func writeMounts(_ writer: inout JSONWriter) {
    writer.mount(Self.volumeName, at: VolumeLayout.mountPath, readOnly: true)
    writer.mount(Self.statusVolumeName, at: Self.statusPath, readOnly: false)
    for mount in admin.mounts { writer.mount(mount.volume, at: mount.path, subPath: mount.subPath, readOnly: true) }
  }

  /// Quick to say yes; three misses before a Pod that was ready leaves its Service, lest a busy node take it out.
  private static func writeReadinessProbe(_ writer: inout JSONWriter) {
    writer.key("exec")
    writer.object { writer in
      writer.key("command")
      writer.array { writer in
        writer.string("/postern-sidecar")
        writer.string("ready")
      }
    }
    writer.member("periodSeconds", 2)
    writer.member("timeoutSeconds", 5)
    writer.member("failureThreshold", 3)
  }

  /// As Postgres's own user, so that files which are its alone can be read; never as root.
  private func writeSecurityContext(_ writer: inout JSONWriter) {
    let identity = postgres.identity.inheriting(pod.identity)
    let user = identity.user ?? 0
    writer.member("allowPrivilegeEscalation", false)
    writer.key("capabilities")
    writer.object { writer in
      writer.key("drop")
      writer.array { $0.string("ALL") }
    }
    writer.member("readOnlyRootFilesystem", true)
    writer.member("runAsNonRoot", true)
    writer.member("runAsUser", user > 0 ? user : Self.defaultUser)
    if let group = identity.group, user > 0 { writer.member("runAsGroup", group) }
    writer.key("seccompProfile")
    writer.object { $0.member("type", "RuntimeDefault") }
  }
}

extension JSONWriter {
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
