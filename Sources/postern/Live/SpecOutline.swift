import DatabaseSpec
import Declarations
import OpenSSL
import TextEncoding

/// A spec as hashes of its parts, by which a declaration is compared with what the controller has written.
struct SpecOutline: Sendable {
  /// What is the same in both.
  private var parts: Set<[UInt8]> = []
  /// What is written, too, but beside which more may be: a second login that is still in use after `rotate` was taken
  /// out, and the text of a script, which a declaration does not have where it names another object.
  private var others: Set<[UInt8]> = []
  /// Whether a flat file adds users and databases.
  private let isOpen: Bool

  init(_ spec: InstanceSpec, isOpen: Bool = false) {
    self.isOpen = isOpen
    func part(_ users: [User] = [], _ databases: [Database] = []) -> [UInt8] {
      var part = spec
      (part.users, part.databases) = (users, databases)
      return Digest.sha256(part.encoded())
    }
    parts.insert(part())
    for user in spec.users {
      var plain = user
      plain.rotate = nil
      // An owner needs no grant, and this database's owner may be known by the flat file alone.
      if let own = Declaration.flatFileDatabase(of: user.name) { plain.grants.removeAll { $0.database == own } }
      parts.insert(part([plain]))
      if user.rotate != nil { others.insert(part([user])) }
    }
    for database in spec.databases {
      var plain = database
      plain.scripts = []
      parts.insert(part([], [plain]))
      for (index, script) in database.scripts.enumerated() {
        // Which comes after which matters, too.
        let place = "\(database.name.text)\n\(index)\n\(script.name)"
        let how = "\(script.rerun.rawValue) \(script.transaction) \(script.timeout)"
        parts.insert(Digest.sha256(Array("\(place)\n\(how)".utf8)))
        if let hash = script.content.textHash { others.insert(Digest.sha256(Array("\(place)\n\(hash)".utf8))) }
      }
    }
  }

  /// Whether all that is declared is in what the controller has written.
  func isWritten(in written: SpecOutline) -> Bool {
    others.isSubset(of: written.others)
      && (isOpen ? parts.isSubset(of: written.parts) : parts == written.parts)
  }
}

extension Script.Content {
  /// The hash of its text, in hexadecimal; nil where it is in another object.
  fileprivate var textHash: String? {
    switch self {
    case .inline(let sql): Hex.encoded(Digest.sha256(Array(sql.utf8)))
    case .file(_, let sha256): sha256
    case .configMap, .secret: nil
    }
  }
}
