import DatabaseSpec
import Foundation
import Linux
import OpenSSL
import PostgresProvisioner
import Provisioning
import Synchronization
import TestThreads
import Testing
import TextEncoding

@Suite(.blocking) struct VolumeReaderTests {
  private func reader(_ path: String, _ environment: [String: String] = [:]) -> VolumeReader {
    VolumeReader(mountPath: path) { environment[$0] }
  }

  @Test func readsSpecPasswordsScriptsAndTheSuperusersPassword() throws {
    let volume = try SidecarVolume()
    let script = "CREATE TABLE t (a text DEFAULT 'ä');\n"
    let spec = try SidecarVolume.spec(scripts: [script])
    try volume.swap(spec, passwords: ["shop": "sesame"], scripts: [script], adminPassword: "secret\n")
    let contents = try reader(volume.path).read()
    #expect(contents.adminUser == "postgres")
    #expect(contents.desired.spec == spec)
    #expect(contents.desired.specHash == SidecarVolume.sha256(String(decoding: spec.encoded(), as: UTF8.self)))
    #expect(contents.desired.passwords == [try PostgresName("shop"): try Password("sesame")])
    #expect(contents.desired.scripts == [SidecarVolume.file(of: script): script])
    #expect(contents.desired.adminPassword == (try Password("secret")))
  }

  /// A folder in the file's place cannot be read by any user.
  @Test func aSuperusersPasswordThatCannotBeReadKeepsNothingElseFromBeingRead() throws {
    let volume = try SidecarVolume()
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "sesame"])
    let contents = try reader(volume.path, ["POSTERN_ADMIN_PASSWORD_FILE": volume.path]).read()
    #expect(contents.desired.adminPassword == nil)
    #expect(contents.desired.passwords.count == 1)
    #expect(
      contents.unreadPassword?.hasPrefix("cannot read the superuser's password: \(volume.path): ") == true,
      "\(contents.unreadPassword ?? "")")
    #expect(try reader(volume.path).read().unreadPassword == nil)
  }

  @Test func readsAPlainFolderAsWell() throws {
    let volume = try SidecarVolume()
    let spec = InstanceSpec(customer: "acme")
    try File.write(spec.encoded(), to: "\(volume.path)/spec.json")
    #expect(try reader(volume.path).read().desired.spec == spec)
  }

  @Test func filesBesideTheLinkAreNotLookedAt() throws {
    let volume = try SidecarVolume()
    try volume.swap(InstanceSpec(customer: "new"))
    try File.write(InstanceSpec(customer: "old").encoded(), to: "\(volume.path)/spec.json")
    #expect(try reader(volume.path).read().desired.spec.customer == "new")
  }

  @Test(arguments: ["spec.json", "passwords.json"], [nil, []] as [[UInt8]?])
  func aMissingOrEmptyFileIsNoChangeNotAnEmptyDeclaration(file: String, bytes: [UInt8]?) throws {
    let volume = try SidecarVolume()
    var files = [
      "spec.json": try SidecarVolume.spec().encoded(), "passwords.json": PasswordsFile().encoded(),
    ]
    files[file] = bytes
    try volume.swap(files)
    #expect(throws: VolumeError.notThereYet(file: file)) { try reader(volume.path).read() }
  }

  @Test func aFolderThatIsNotThereIsNoChange() {
    #expect(throws: VolumeError.notThereYet(file: "spec.json")) { try reader("/nonexistent").read() }
  }

  @Test func withoutUsersNoPasswordsAreNeeded() throws {
    let volume = try SidecarVolume()
    try volume.swap(["spec.json": InstanceSpec(customer: "acme").encoded()])
    #expect(try reader(volume.path).read().desired.passwords.isEmpty)
  }

  @Test func aScriptThatIsMissingOrAnotherOneOrNoUTF8IsRefused() throws {
    let volume = try SidecarVolume()
    let script = "SELECT 1"
    let file = SidecarVolume.file(of: script)
    var files = [
      "spec.json": try SidecarVolume.spec(scripts: [script]).encoded(), "passwords.json": PasswordsFile().encoded(),
    ]
    try volume.swap(files)
    #expect(throws: VolumeError.notThereYet(file: file)) { try reader(volume.path).read() }
    files[file] = Array("SELECT 2".utf8)
    try volume.swap(files)
    #expect(throws: VolumeError.scriptDiffers(file: file)) { try reader(volume.path).read() }
    let latin = Script(
      name: "latin", content: .file(name: "latin.sql", sha256: Hex.encoded(Digest.sha256([0xE4]))))
    var spec = try SidecarVolume.spec()
    spec.databases[0].scripts = [latin]
    try volume.swap([
      "spec.json": spec.encoded(), "passwords.json": PasswordsFile().encoded(), "latin.sql": [0xE4],
    ])
    #expect(throws: VolumeError.invalid(source: "latin.sql", reason: "is not UTF-8")) {
      try reader(volume.path).read()
    }
  }

  @Test func brokenFilesAreToldByNameAndNoPasswordIsShown() throws {
    let volume = try SidecarVolume()
    try volume.swap(["spec.json": Array("{".utf8)])
    let broken = try #require(throws: VolumeError.self) { try reader(volume.path).read() }
    #expect(broken.message == "spec.json is not readable: byte 1: the document ends too early")
    let text = #"{"apiVersion":"postern.io/v1","users":{"shop":"sesame-4711\u0000"}}"#
    try volume.swap(["spec.json": SidecarVolume.spec().encoded(), "passwords.json": Array(text.utf8)])
    let password = try #require(throws: VolumeError.self) { try reader(volume.path).read() }
    #expect(password.message.contains("passwords.json users shop"))
    #expect(!password.message.contains("sesame-4711"))
    try volume.swap(["spec.json": SidecarVolume.spec().encoded(), "passwords.json": Array("[".utf8)])
    let json = try #require(throws: VolumeError.self) { try reader(volume.path).read() }
    #expect(json.message.hasPrefix("passwords.json is not readable"))
  }

  /// Every read must return files of one generation, however fast they are swapped.
  @Test func noReadMixesTwoGenerations() throws {
    let volume = try SidecarVolume()
    let scripts = (0..<200).map { "SELECT \($0)" }
    try volume.swap(SidecarVolume.spec(scripts: [scripts[0]]), scripts: [scripts[0]])
    let reader = reader(volume.path)
    let writer = Thread {
      for script in scripts { try? volume.swap(SidecarVolume.spec(scripts: [script]), scripts: [script]) }
      volume.isDone.withLock { $0 = true }
    }
    writer.start()
    var reads = 0
    while !volume.isDone.withLock({ $0 }) || reads == 0 {
      #expect(try reader.read().desired.scripts.count == 1)
      reads += 1
    }
    #expect(try reader.read().desired.scripts.values.first == scripts.last)
  }

  /// A file that may be missing is not taken for missing because the folder with it went away meanwhile.
  @Test func noReadMissesAFileThatEveryGenerationHas() throws {
    let volume = try SidecarVolume()
    try volume.swap(SidecarVolume.spec(), adminPassword: "sesame")
    let reader = reader(volume.path)
    let writer = Thread {
      for _ in 0..<2000 { try? volume.swap(SidecarVolume.spec(), adminPassword: "sesame") }
      volume.isDone.withLock { $0 = true }
    }
    writer.start()
    var reads = 0
    while !volume.isDone.withLock({ $0 }) || reads == 0 {
      #expect(try reader.read().desired.adminPassword != nil, "read \(reads)")
      reads += 1
    }
  }

  // MARK: The superuser

  struct Admin: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var environment: [String: String] = [:]
    var files: [String: String] = [:]
    var user = "postgres"
    var password: String?
  }

  @Test(arguments: [
    Admin(testDescription: "nothing"),
    Admin(
      testDescription: "files", files: ["admin/username": "root\n", "admin/password": "p\n\n"], user: "root",
      password: "p\n"),
    Admin(
      testDescription: "variable before file", environment: ["POSTERN_ADMIN_USER": "root"],
      files: ["admin/username": "x"], user: "root"),
    Admin(
      testDescription: "named files first",
      environment: [
        "POSTERN_ADMIN_USER_FILE": "@/u", "POSTERN_ADMIN_USER": "x", "POSTERN_ADMIN_PASSWORD_FILE": "@/p",
        "POSTERN_ADMIN_PASSWORD": "x",
      ],
      files: ["u": "root", "p": "secret", "admin/username": "x", "admin/password": "x"], user: "root",
      password: "secret"),
    Admin(
      testDescription: "password variable before file", environment: ["POSTERN_ADMIN_PASSWORD": "secret"],
      files: ["admin/password": "x"], password: "secret"),
  ])
  func theSuperuserIsFoundInThisOrder(_ admin: Admin) throws {
    let volume = try SidecarVolume()
    var files = admin.files.mapValues { Array($0.utf8) }
    files["spec.json"] = InstanceSpec(customer: "acme").encoded()
    try volume.swap(files)
    let environment = admin.environment.mapValues { $0.replacingOccurrences(of: "@", with: "\(volume.path)/..data") }
    let contents = try reader(volume.path, environment).read()
    #expect(contents.adminUser == admin.user)
    #expect(contents.desired.adminPassword == (try admin.password.map { try Password($0) }))
  }

  @Test(arguments: ["POSTERN_ADMIN_USER_FILE", "POSTERN_ADMIN_PASSWORD_FILE"])
  func aNamedFileThatIsNotThereIsWaitedFor(variable: String) throws {
    let volume = try SidecarVolume()
    try volume.swap(InstanceSpec(customer: "acme"))
    #expect(throws: VolumeError.notThereYet(file: "/nonexistent/file")) {
      try reader(volume.path, [variable: "/nonexistent/file"]).read()
    }
    #expect(reader(volume.path, [variable: "/nonexistent/file"]).folders.contains("/nonexistent"))
  }

  @Test func anEmptySuperusersPasswordIsRefusedNotTakenForNone() throws {
    let volume = try SidecarVolume()
    try volume.swap(InstanceSpec(customer: "acme"), adminPassword: "\n")
    #expect(throws: VolumeError.invalid(source: "admin/password", reason: "is empty")) {
      try reader(volume.path).read()
    }
  }
}
