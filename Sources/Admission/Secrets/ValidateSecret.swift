import Contract
import JSONBytes
import KubernetesAPI

/// `/validate` for a Secret: refused if Postern could not use what it takes from it. Postern takes values from Secrets
/// whose names it defines, and from those that known declarations name.
func validateSecret(_ review: AdmissionReview, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  guard let object = review.object else { return .unchanged }
  let old = review.operation == .update ? review.oldObject : nil
  // The API server still calls the webhook for an update that removes the label.
  let oldCustomer = try ObjectMetadata(old?.pod.metadata, of: review.bytes).customer
  let customer = try ObjectMetadata(object.pod.metadata, of: review.bytes).customer ?? oldCustomer
  if let customer, review.name == ObjectName.passwords(customer: customer) {
    guard let old, try review.fieldManager != ObjectLabel.manager, !old.hasData(of: object, review.bytes) else {
      return .unchanged
    }
    return .allowed(
      patch: nil,
      warnings: [
        "\(review.name) is written by Postern, which will undo this; edit \(ObjectName.user(label: "<user>", customer: customer))"
      ])
  }
  let own = customer.flatMap { SecretUse.own(review.name, of: $0) }
  var uses: [SecretUse] = []
  for use in settings.secretUses(review.namespace, review.name) + [own].compactMap(\.self) where !uses.contains(use) {
    uses.append(use)
  }
  guard !uses.isEmpty else { return .unchanged }
  let keys = Set(uses.flatMap(\.keys))
  let data = try SecretData(object, keys: keys, of: review.bytes)
  let oldData: SecretData? = if let old { try SecretData(old, keys: keys, of: review.bytes) } else { nil }
  return Decision(SecretChecks(review.name, uses: uses, data: data, replacing: oldData).findings)
}

extension AdmissionReview {
  /// `fieldManager` of the request's options, which every server-side apply contains. Nil where the client names none;
  /// the API server then derives one from its user agent.
  fileprivate var fieldManager: String? {
    get throws(JSONError) {
      guard let options else { return nil }
      var reader = JSONReader(options, of: bytes)
      guard try reader.entersObject() else { return nil }
      var name: String?
      while let key = try reader.nextKey() {
        if reader.matches(key, "fieldManager") { name = try reader.optionalText() } else { try reader.skip() }
      }
      return name
    }
  }
}

extension ObjectSlices {
  /// Whether `data` has the same bytes as the other's. The API server writes the keys sorted.
  fileprivate func hasData(of other: ObjectSlices, _ bytes: [UInt8]) -> Bool {
    func text(_ slice: JSONSlice?) -> ArraySlice<UInt8> { slice.map { bytes[$0.range] } ?? [] }
    return text(data) == text(other.data) && text(stringData) == text(other.stringData)
  }
}
