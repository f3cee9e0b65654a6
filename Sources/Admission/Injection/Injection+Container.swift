import Contract
import Declarations
import JSONBytes

extension Injection {
  /// The sidecar's container. It needs nothing that the Pod Security Standard `restricted` forbids, and it gets no
  /// ServiceAccount token. It has no startup probe, because that would wait for Postgres, which starts only after a
  /// native sidecar has started. What is the same in every Pod is written once.
  func writeContainer(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.part(Self.beginning)
    writer.string(settings.sidecarImage)
    if let policy = settings.imagePullPolicy { writer.member("imagePullPolicy", policy.rawValue) }
    writer.part(Self.arguments)
    if let statusPort {
      writer.part(Self.ports)
      writer.integer(statusPort)
      writer.part("}]")
    }
    writeEnvironment(&writer)
    writer.part(#"],"resources":{"#)
    writer.amounts("requests", resources.requests)
    writer.amounts("limits", resources.limits)
    writer.part(#"},"volumeMounts":["#)
    writeMounts(&writer)
    writer.part("]")
    // A mesh's proxy that is there already has not made way for this probe, and takes the mesh's TLS alone where that is strict.
    if gatesReadiness {
      writer.part(statusPort == nil || pod.hasMeshProxy ? Self.readinessByCommand : Self.readinessByPort)
    }
    if settings.sidecarMode == .native { writer.part(#","restartPolicy":"Always""#) }
    // As Postgres's own user, so that it can read files that only this user may read; but never as root.
    let identity = postgres.container.identity.inheriting(pod.identity)
    let user = identity.user.flatMap { $0 > 0 ? $0 : nil }
    writer.endOfContainer(user: user ?? pod.ownUser(isNamed: namesUser), group: user == nil ? nil : identity.group)
    writer.endObject()
  }

  private static let beginning = JSONWriter.part { writer in
    writer.member("name", SidecarContainer.name)
    writer.key("image")
  }

  private static let arguments = JSONWriter.part { writer in
    writer.part(#","args":"#)
    writer.strings(SidecarContainer.runArguments)
  }

  private static let ports = JSONWriter.part { writer in
    writer.part(#","ports":[{"#)
    writer.member("name", StatusPort.name)
    writer.key("containerPort")
  }

  private static let readinessByPort = JSONWriter.part { writer in
    writer.part(#","readinessProbe":{"httpGet":{"#)
    writer.member("path", StatusPort.readyPath)
    writer.member("port", StatusPort.name)
    writeProbeTimes(&writer)
  }

  private static let readinessByCommand = JSONWriter.part { writer in
    writer.part(#","readinessProbe":{"exec":{"command":"#)
    writer.strings([SidecarContainer.program] + SidecarContainer.readyArguments)
    writeProbeTimes(&writer)
  }

  private static func writeProbeTimes(_ writer: inout JSONWriter) {
    writer.part("},")
    writer.member("periodSeconds", SidecarContainer.ReadinessProbe.period)
    writer.member("timeoutSeconds", SidecarContainer.ReadinessProbe.timeout)
    writer.member("failureThreshold", SidecarContainer.ReadinessProbe.failureThreshold)
    writer.endObject()
  }

  private func writeEnvironment(_ writer: inout JSONWriter) {
    writer.part(Self.customerVariable)
    writer.string(customer)
    writer.part(Self.portVariable)
    writer.string(String(port))
    if let statusPort {
      writer.part(Self.statusPortVariable)
      writer.string(String(statusPort))
    }
    writer.endObject()
    for variable in admin.variables {
      switch variable {
      case .literal(let name, let value): writer.variable(name, BoundVariable.escaped(value))
      case .computed(let name, let json):
        writer.object { writer in
          writer.member("name", name)
          writer.key("valueFrom")
          writer.raw(json)
        }
      }
    }
  }

  private static let customerVariable = JSONWriter.part { writer in
    writer.part(#","env":[{"#)
    writer.member("name", SidecarVariable.customer)
    writer.key("value")
  }

  private static let portVariable = nextVariable(SidecarVariable.port)
  private static let statusPortVariable = nextVariable(SidecarVariable.statusPort)

  /// The end of a variable, and the next one up to its value.
  private static func nextVariable(_ name: String) -> [UInt8] {
    JSONWriter.part { writer in
      writer.part("},{")
      writer.member("name", name)
      writer.key("value")
    }
  }

  private func writeMounts(_ writer: inout JSONWriter) {
    writer.part(Self.ownMounts)
    // In a read-only mount, the folder to mount at cannot be created.
    if !admin.mounts.contains(where: { $0.holds(SidecarContainer.tokenPath) }) { writer.part(Self.tokenMount) }
    if !admin.mounts.isEmpty { writer.part(",") }
    for mount in admin.mounts { writer.mount(mount.volume, at: mount.path, subPath: mount.subPath, readOnly: true) }
  }

  private static let ownMounts = JSONWriter.part { writer in
    writer.mount(SidecarContainer.volumeName, at: VolumeLayout.mountPath, readOnly: true)
    writer.mount(SidecarContainer.statusVolumeName, at: SidecarContainer.statusPath, readOnly: false)
  }

  private static let tokenMount = JSONWriter.part { writer in
    writer.part(",")
    writer.mount(
      SidecarContainer.statusVolumeName, at: SidecarContainer.tokenPath, subPath: SidecarContainer.noTokenFolder,
      readOnly: true)
  }
}

extension JSONWriter {
  /// A member of `resources`; none where there are no amounts.
  mutating func amounts(_ name: String, _ amounts: ResourceAmounts) {
    guard amounts.cpu != nil || amounts.memory != nil else { return }
    key(name)
    object { writer in
      if let cpu = amounts.cpu { writer.member("cpu", cpu.text) }
      if let memory = amounts.memory { writer.member("memory", memory.text) }
    }
  }

  /// The last members of a container of Postern's. It needs nothing that the Pod Security Standard `restricted` forbids.
  mutating func endOfContainer(user: Int?, group: Int? = nil) {
    part(
      #","terminationMessagePolicy":"FallbackToLogsOnError","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true,"runAsNonRoot":true"#
    )
    if let user {
      part(#","runAsUser":"#)
      integer(user)
    }
    if let group {
      part(#","runAsGroup":"#)
      integer(group)
    }
    part(#","seccompProfile":{"type":"RuntimeDefault"}}"#)
  }

  /// An array of strings.
  mutating func strings(_ elements: [String]) {
    array { writer in for element in elements { writer.string(element) } }
  }

  /// A member of `env`.
  mutating func variable(_ name: String, _ value: String) {
    beginObject()
    part(#""name":"#)
    string(name)
    part(#","value":"#)
    string(value)
    endObject()
  }

  /// A member of `env` that holds a key of a Secret.
  mutating func variable(_ name: String, of secret: String, key: String, isOptional: Bool = false) {
    beginObject()
    part(#""name":"#)
    string(name)
    part(#","valueFrom":{"secretKeyRef":{"name":"#)
    string(secret)
    part(#","key":"#)
    string(key)
    if isOptional { part(#","optional":true"#) }
    part("}}")
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
