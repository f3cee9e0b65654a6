import Contract
package import JSONBytes
import KubernetesAPI
import TextEncoding

/// The Secret's contents, as PEM. A value that is missing or not base64 is empty.
package struct CertificateSecret: Equatable, Sendable {
  /// `tls.crt`: the serving certificate.
  package var certificate: String
  /// `tls.key`: the serving certificate's private key.
  package var privateKey: String
  /// `ca.crt`: the authorities that clients must trust; the first one issues.
  package var authorities: String
  /// `ca.key`: the key of the first authority.
  package var authorityKey: String

  /// A Secret with these contents.
  package init(certificate: String = "", privateKey: String = "", authorities: String = "", authorityKey: String = "") {
    self.certificate = certificate
    self.privateKey = privateKey
    self.authorities = authorities
    self.authorityKey = authorityKey
  }

  /// Reads a Secret.
  package init(_ secret: JSONValue) {
    func text(_ key: String) -> String {
      secret["data"]?[key]?.string.flatMap { Base64.decoded($0) }.map { String(decoding: $0, as: UTF8.self) }
        ?? ""
    }
    self.init(
      certificate: text("tls.crt"), privateKey: text("tls.key"), authorities: text("ca.crt"),
      authorityKey: text("ca.key"))
  }

  /// The object with these contents: a new one, or the old one with its other fields unchanged.
  package func secret(_ name: String, in namespace: String, replacing old: JSONValue? = nil) -> JSONValue {
    var root = JSONObject()
    if case .object(let kept)? = old { root = kept }
    root["apiVersion"] = .string(Resource.secrets.apiVersion)
    root["kind"] = .string(Resource.secrets.kind)
    if old == nil {
      root["metadata"] = .members([
        ("name", .string(name)), ("namespace", .string(namespace)),
        ("labels", .members([(ObjectLabel.managedBy, .string(ObjectLabel.manager))])),
      ])
      root["type"] = .string("kubernetes.io/tls")
    }
    var data = JSONObject()
    if case .object(let kept)? = old?["data"] { data = kept }
    for (key, text) in [
      ("tls.crt", certificate), ("tls.key", privateKey), ("ca.crt", authorities), ("ca.key", authorityKey),
    ] {
      data[key] = .string(Base64.encoded(Array(text.utf8)))
    }
    root["data"] = .object(data)
    return .object(root)
  }
}
