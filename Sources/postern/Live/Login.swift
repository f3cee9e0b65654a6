import Admission
import Contract
import Controller
import DatabaseSpec
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// A name and a password to log in with, as the cluster's Secrets have them. It has no description that shows them.
struct Login: Sendable {
  let user: String
  let password: String?
  /// The first database that the user may use; nil where that is not known.
  var database: String? = nil
}

/// Reads logins from the Secrets that the user may read.
struct LoginReading {
  let access: ClusterAccess

  /// A user's login.
  /// - Parameter user: nil: the first of the declaration that has a database.
  func user(_ user: String?, of server: CustomerServer) async throws(CommandError) -> Login {
    let name = server.name
    let secret = try await secretName(user, of: name)
    guard let data = try await data(.secrets, secret, in: name.namespace) else {
      let names = try await users(of: name).map(\.user)
      throw .refused(
        "there is no Secret \(name.namespace)/\(secret); "
          + (names.isEmpty ? "no Secret of the customer's users is known" : "users: \(names.joined(separator: ", "))"))
    }
    guard let login = data[SecretKey.username], let password = data[SecretKey.password] else {
      throw .refused("Secret \(name.namespace)/\(secret) has no \(SecretKey.username) or no \(SecretKey.password)")
    }
    return Login(
      user: withoutNewline(login), password: withoutNewline(password), database: data[SecretKey.database])
  }

  private func secretName(_ user: String?, of name: CustomerName) async throws(CommandError) -> String {
    if let user {
      guard let role = try? PostgresName(user) else { throw .refused("\"\(user)\" can be no user's name") }
      return ObjectName.user(role, customer: name.customer)
    }
    if let spec = try await declared(name) {
      let present = spec.users.filter { $0.ensure == .present }
      let user = present.first { user in
        !user.grants.isEmpty || spec.databases.contains { $0.owner == user.name }
      }
      guard let user = user ?? present.first else { throw .refused("customer \"\(name.customer)\" has no users") }
      return ObjectName.user(user.name, customer: name.customer)
    }
    let users = try await users(of: name)
    guard users.count == 1, let only = users.first else {
      throw .refused(
        users.isEmpty
          ? "the users of customer \"\(name.customer)\" are not known; name one"
          : "name one of the users: \(users.map(\.user).joined(separator: ", "))")
    }
    return only.secret
  }

  /// What the controller has written for the customer; nil where it cannot be read.
  private func declared(_ name: CustomerName) async throws(CommandError) -> InstanceSpec? {
    let object = try await access.allowed { () throws(KubernetesError) in
      try await access.client.get(.configMaps, ObjectName.spec(customer: name.customer), in: name.namespace)
    }
    return object.flatMap { SeenSpec.read($0)?.1 }
  }

  /// The customer's users and their Secrets, by the Secrets' metadata; none where they may not be listed.
  private func users(of name: CustomerName) async throws(CommandError) -> [(user: String, secret: String)] {
    let selection = Selection(
      .secrets, namespace: name.namespace,
      labelSelector:
        "\(AnnotationKey.customerLabel)=\(name.customer),\(ObjectLabel.managedBy)=\(ObjectLabel.manager)",
      metadataOnly: true)
    let found = try await access.listed(selection, as: ObjectReader<JSONValue>.tree)
    return (found ?? []).compactMap { object in
      guard let user = object["metadata"]?["annotations"]?[AnnotationKey.user]?.string,
        let secret = object["metadata"]?["name"]?.string
      else { return nil }
      return (user, secret)
    }
  }

  /// The superuser's login, from where the sidecar has it. Without a password where the Pod's own variables hold it:
  /// then loopback, by which a forwarded port arrives, asks for none.
  func superuser(of server: CustomerServer) async throws(CommandError) -> Login {
    guard let sidecar = server.sidecar else {
      throw .refused("Pod \(server.name.namespace)/\(server.pod) has no sidecar, so its superuser is not known")
    }
    let name = try await value(
      SidecarVariable.adminUser, file: SidecarVariable.adminUserFile, VolumeLayout.adminUsernameFile(candidate:),
      sidecar, server)
    let password = try await value(
      SidecarVariable.adminPassword, file: SidecarVariable.adminPasswordFile,
      VolumeLayout.adminPasswordFile(candidate:), sidecar, server)
    return Login(user: name ?? "postgres", password: password)
  }

  private func value(
    _ variable: String, file: String, _ candidate: (Int) -> String, _ sidecar: JSONValue, _ server: CustomerServer
  ) async throws(CommandError) -> String? {
    let variables = sidecar["env"]?.array ?? []
    if let given = variables.last(where: { $0["name"]?.string == variable }) {
      if let reference = given["valueFrom"]?["secretKeyRef"] ?? given["valueFrom"]?["configMapKeyRef"] {
        let resource = given["valueFrom"]?["secretKeyRef"] != nil ? Resource.secrets : .configMaps
        return try await data(resource, reference["name"]?.string ?? "", in: server.name.namespace)?[
          reference["key"]?.string ?? ""]
      }
      return given["value"]?.string.map(Self.asTheKubeletGivesIt)
    }
    var paths = [variables.last { $0["name"]?.string == file }?["value"]?.string].compactMap(\.self)
    // The sidecar takes the last candidate that exists.
    for number in (0..<VolumeLayout.maximumCandidates).reversed() {
      paths.append("\(VolumeLayout.mountPath)/\(candidate(number))")
    }
    for path in paths {
      for source in MountedSource.all(at: path, in: sidecar, of: server.object) {
        let resource = source.kind == .secret ? Resource.secrets : .configMaps
        if let value = try await data(resource, source.object, in: server.name.namespace)?[source.key] {
          return withoutNewline(value)
        }
      }
    }
    return nil
  }

  /// A value without references to variables, which is written so that the kubelet sees none in it.
  static func asTheKubeletGivesIt(_ value: String) -> String {
    VariablePieces(value).reduce(into: "") { text, piece in
      switch piece {
      case .text(let part): text += part
      case .variable(let name): text += "$(\(name))"
      }
    }
  }

  /// A value as the sidecar reads it.
  private func withoutNewline(_ value: String) -> String {
    value.utf8.last == UInt8(ascii: "\n") ? String(value.unicodeScalars.dropLast()) : value
  }

  /// The values of a Secret or ConfigMap; nil where there is none.
  private func data(
    _ resource: Resource, _ name: String, in namespace: String
  ) async throws(CommandError) -> [String: String]? {
    do throws(KubernetesError) {
      let object = try await access.client.get(resource, name, in: namespace)
      return object.objectData(resource == .secrets ? .secret : .configMap).mapValues {
        String(decoding: $0, as: UTF8.self)
      }
    } catch {
      if error.isNotFound { return nil }
      guard error.code == 403 else { throw .refused(error.description) }
      throw .refused("you may not get \(resource.kind) \(namespace)/\(name); ask for the right to")
    }
  }
}
