package import Foundation

/// The kubeconfig of an API server on this machine, with one context.
/// - Parameters:
///   - authorityFile: the authority of the server's certificate.
///   - serverName: the name that the certificate is for, where it is not for the address.
///   - user: its members, such as `token: t`.
///   - namespace: the context's.
package func kubeconfig(
  port: Int, authorityFile: String? = nil, serverName: String? = nil, user: String = "token: t0ken",
  namespace: String? = nil
) -> String {
  let cluster = [
    "server: \"https://127.0.0.1:\(port)\"", authorityFile.map { "certificate-authority: \"\($0)\"" },
    serverName.map { "tls-server-name: \($0)" },
  ]
  let context = ["cluster: c", "user: u", namespace.map { "namespace: \($0)" }]
  return """
    clusters: [{name: c, cluster: {\(cluster.compactMap(\.self).joined(separator: ", "))}}]
    users: [{name: u, user: {\(user)}}]
    contexts: [{name: x, context: {\(context.compactMap(\.self).joined(separator: ", "))}}]
    current-context: x

    """
}

extension FakeServer {
  /// Writes its kubeconfig, with the token `t0ken`, into a file that is removed with the tests' authority.
  package func writeKubeconfig(namespace: String) throws -> URL {
    let certificates = try authority.get()
    let file = certificates.folder.appending(path: "kubeconfig-\(UUID().uuidString)")
    let text = kubeconfig(port: port, authorityFile: certificates.authorityFile, namespace: namespace)
    try Data(text.utf8).write(to: file)
    return file
  }
}
