import DatabaseSpec
import JSONBytes

extension Injection {
  /// Quick to say yes; three misses before a Pod that was ready leaves its Service, lest a busy node take it out.
  private static let readinessProbe: StaticString =
    #","readinessProbe":{"exec":{"command":["/postern-sidecar","ready"]},"periodSeconds":2,"timeoutSeconds":5,"failureThreshold":3}"#

  /// The sidecar's container. It asks for nothing that the Pod Security Standard `restricted` forbids, and it has no
  /// token. It has no startup probe: Postgres, which it would wait for, starts after a native sidecar has.
  func writeContainer(_ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", Self.containerName)
      writer.member("image", settings.sidecarImage)
      writer.part(#","args":["run"],"env":["#)
      writeEnvironment(&writer)
      writer.part(
        #"],"resources":{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"memory":"16Mi"}},"volumeMounts":["#)
      writeMounts(&writer)
      writer.part("]")
      if gatesReadiness { writer.part(Self.readinessProbe) }
      if settings.sidecarMode == .native { writer.part(#","restartPolicy":"Always""#) }
      writer.part(#","terminationMessagePolicy":"FallbackToLogsOnError","securityContext":{"#)
      writeSecurityContext(&writer)
      writer.part("}")
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
    // In what is mounted read-only, no folder to mount at can be made.
    if !admin.mounts.contains(where: { $0.holds(Self.tokenPath) }) {
      writer.mount(Self.statusVolumeName, at: Self.tokenPath, subPath: Self.noTokenFolder, readOnly: true)
    }
    for mount in admin.mounts { writer.mount(mount.volume, at: mount.path, subPath: mount.subPath, readOnly: true) }
  }

  /// As Postgres's own user, so that files which are its alone can be read; never as root.
  private func writeSecurityContext(_ writer: inout JSONWriter) {
    let identity = postgres.identity.inheriting(pod.identity)
    let user = identity.user ?? 0
    writer.part(
      #""allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true,"runAsNonRoot":true,"runAsUser":"#
    )
    writer.integer(user > 0 ? user : Self.defaultUser)
    if let group = identity.group, user > 0 { writer.member("runAsGroup", group) }
    writer.part(#","seccompProfile":{"type":"RuntimeDefault"}"#)
  }
}

extension JSONWriter {
  /// A member of `env`.
  mutating func variable(_ name: String, _ value: String) {
    beginObject()
    part(#""name":"#)
    string(name)
    part(#","value":"#)
    string(value)
    endObject()
  }

  /// A member of `volumeMounts`.
  mutating func mount(_ volume: String, at path: String, subPath: String = "", readOnly: Bool) {
    beginObject()
    part(#""name":"#)
    string(volume)
    part(#","mountPath":"#)
    string(path)
    if !subPath.isEmpty { member("subPath", subPath) }
    if readOnly { part(#","readOnly":true"#) }
    endObject()
  }
}
