import Contract
import DatabaseSpec
import Linux
import OpenSSL
package import Provisioning
import TextEncoding

/// The contents of the mounted files and of the environment, read at the same time.
package struct VolumeContents: Equatable, Sendable {
  /// The desired state of Postgres. The sidecar logs in with its `adminPassword`.
  package var desired: DesiredState
  /// The superuser whom the sidecar logs in as.
  package var adminUser: String
  /// Why the superuser's password is not known, although there is a file with it; nil where it is known, or there is
  /// none.
  package var unreadPassword: String?

  /// Contents with these values.
  package init(desired: DesiredState, adminUser: String, unreadPassword: String? = nil) {
    self.desired = desired
    self.adminUser = adminUser
    self.unreadPassword = unreadPassword
  }
}

/// Reads the mounted volume (``VolumeLayout``).
///
/// The kubelet keeps files that belong together in one folder, and replaces them all by changing the symbolic link
/// `..data` to a new folder (Kubernetes docs, "Mounted ConfigMaps are updated automatically"). So the link is resolved
/// once, and all files are read from its target. A folder without the link is read directly.
package struct VolumeReader {
  private let mountPath: String
  private let environment: (String) -> String?

  /// Reads from the path at which the volume is mounted.
  /// - Parameter environment: returns the variables `POSTERN_ADMIN_…`, which take precedence over the files in the
  ///   volume.
  package init(
    mountPath: String, environment: @escaping (String) -> String? = CurrentProcess.environment
  ) {
    self.mountPath = mountPath
    self.environment = environment
  }

  /// The folders to watch for changes.
  package var folders: [String] {
    var folders = [mountPath, "\(mountPath)/admin"]
    for variable in [SidecarVariable.adminUserFile, SidecarVariable.adminPasswordFile] {
      guard let path = environment(variable), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { continue }
      folders.append(String(path[..<slash]))
    }
    return folders
  }

  /// Reads all files, all from the same generation.
  package func read() throws(VolumeError) -> VolumeContents {
    while true {
      let folder = Self.dataFolder(of: mountPath)
      do throws(VolumeError) {
        let contents = try read(from: folder)
        // The kubelet removes the old folder after the change, so that a file which may be missing may have been there.
        if Self.dataFolder(of: mountPath) == folder { return contents }
      } catch {
        guard Self.dataFolder(of: mountPath) != folder else { throw error }
      }
    }
  }

  /// The folder of a volume's files as they are now.
  static func dataFolder(of mountPath: String) -> String {
    guard let target = File.linkTarget("\(mountPath)/..data") else { return mountPath }
    return target.utf8.first == UInt8(ascii: "/") ? target : "\(mountPath)/\(target)"
  }

  private func read(from folder: String) throws(VolumeError) -> VolumeContents {
    let specBytes = try required("\(folder)/\(VolumeLayout.specFile)", named: VolumeLayout.specFile)
    let spec: InstanceSpec
    do throws(SpecError) { spec = try InstanceSpec(decoding: specBytes) } catch { throw .spec(error) }
    // Where loopback trusts, the password is not needed. Where it does not, the login fails and says so.
    var (adminPassword, unreadPassword) = (Password?.none, String?.none)
    do throws(VolumeError) { adminPassword = try self.adminPassword(in: folder) } catch {
      guard case .unreadable(let file) = error else { throw error }
      unreadPassword = "cannot read the superuser's password: \(file.message)"
    }
    var desired = DesiredState(
      spec: spec, specHash: Hex.encoded(Digest.sha256(specBytes)), file: try passwords(spec, in: folder),
      scripts: try scripts(spec, in: folder), adminPassword: adminPassword)
    desired.generation = try optional("\(folder)/\(VolumeLayout.generationFile)").map {
      String(decoding: $0, as: UTF8.self)
    }
    return VolumeContents(desired: desired, adminUser: try adminUser(in: folder), unreadPassword: unreadPassword)
  }

  /// The token that a client must send to read the whole status; nil where there is none.
  func statusToken() -> [UInt8]? {
    do throws(VolumeError) {
      return try optional("\(Self.dataFolder(of: mountPath))/\(VolumeLayout.statusTokenFile)")
    } catch {
      return nil
    }
  }

  private func passwords(_ spec: InstanceSpec, in folder: String) throws(VolumeError) -> PasswordsFile {
    // If no user may log in, the file may be missing.
    guard spec.users.contains(where: { $0.ensure == .present }) else { return PasswordsFile() }
    let bytes = try required("\(folder)/\(VolumeLayout.passwordsFile)", named: VolumeLayout.passwordsFile)
    do throws(SpecError) { return try PasswordsFile(decoding: bytes) } catch { throw .passwords(error) }
  }

  private func scripts(_ spec: InstanceSpec, in folder: String) throws(VolumeError) -> [String: String] {
    var texts: [String: String] = [:]
    for script in spec.databases.flatMap({ $0.scripts }) {
      guard case .file(let name, let sha256) = script.content else { continue }
      guard let bytes = try optional("\(folder)/\(name)") else { throw .notThereYet(file: name) }
      guard Hex.encoded(Digest.sha256(bytes)) == sha256 else { throw .scriptDiffers(file: name) }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.utf8.elementsEqual(bytes) else { throw .invalid(source: name, reason: "is not UTF-8") }
      texts[name] = text
    }
    return texts
  }

  // MARK: The superuser

  private func adminUser(in folder: String) throws(VolumeError) -> String {
    if let path = environment(SidecarVariable.adminUserFile) { return try name(try required(path, named: path), path) }
    if let name = environment(SidecarVariable.adminUser), !name.utf8.isEmpty { return name }
    guard let (file, bytes) = try last(VolumeLayout.adminUsernameFile(candidate:), in: folder) else {
      return "postgres"
    }
    return try name(bytes, file)
  }

  private func adminPassword(in folder: String) throws(VolumeError) -> Password? {
    if let path = environment(SidecarVariable.adminPasswordFile) {
      return try password(try required(path, named: path), path)
    }
    if let text = environment(SidecarVariable.adminPassword) {
      return try password(Array(text.utf8), SidecarVariable.adminPassword)
    }
    guard let (file, bytes) = try last(VolumeLayout.adminPasswordFile(candidate:), in: folder) else { return nil }
    return try password(bytes, file)
  }

  /// Of the candidate files, the last one that exists.
  private func last(_ file: (Int) -> String, in folder: String) throws(VolumeError) -> (file: String, bytes: [UInt8])? {
    for candidate in (0..<VolumeLayout.maximumCandidates).reversed() {
      if let bytes = try optional("\(folder)/\(file(candidate))") { return (file(candidate), bytes) }
    }
    return nil
  }

  /// One trailing newline is dropped, and nothing else, as for the value of a Secret.
  private func name(_ bytes: [UInt8], _ source: String) throws(VolumeError) -> String {
    let bytes = bytes.last == 0x0A ? Array(bytes.dropLast()) : bytes
    do throws(PostgresNameError) { return try PostgresName(String(decoding: bytes, as: UTF8.self)).text } catch {
      throw .invalid(source: source, reason: error.message)
    }
  }

  private func password(_ bytes: [UInt8], _ source: String) throws(VolumeError) -> Password {
    do throws(PasswordError) { return try Password(secretValue: bytes) } catch {
      throw .invalid(source: source, reason: error.message)
    }
  }

  // MARK: Files

  /// A file that must exist and not be empty.
  private func required(_ path: String, named name: String) throws(VolumeError) -> [UInt8] {
    guard let bytes = try optional(path), !bytes.isEmpty else { throw .notThereYet(file: name) }
    return bytes
  }

  private func optional(_ path: String) throws(VolumeError) -> [UInt8]? {
    do throws(FileError) { return try File.read(path) } catch {
      guard error.isMissing else { throw .unreadable(error) }
      return nil
    }
  }
}
