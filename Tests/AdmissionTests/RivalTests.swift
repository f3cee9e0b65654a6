import Admission
import JSONBytes
import Testing

/// A second workload that declares for a customer in a namespace.
@Suite struct RivalTests {
  private static let users = #"{"postern.io/users":"shop"}"#

  /// Settings of a cluster in which these objects declare for customer "acme" in namespace "shop".
  private func settings(_ declaring: DeclaringObject...) -> AdmissionSettings {
    var settings = testSettings
    settings.declaring = { $0 == "shop" && $1 == "acme" ? declaring : [] }
    return settings
  }

  private let old = DeclaringObject(kind: "StatefulSet", name: "old")

  @Test(arguments: ["Deployment", "StatefulSet"], AdmissionPath.allCases)
  func aSecondWorkloadIsRefusedByName(kind: String, path: AdmissionPath) throws {
    let second = try deployment(annotations: Self.users, kind: kind)
    let causes = try post(second, path, settings: settings(old)).causes
    #expect(causes.map(\.field) == ["metadata.labels[postern.io/customer]"])
    #expect(causes.first?.reason == "FieldValueDuplicate")
    let message = try #require(causes.first?.message)
    #expect(message.hasPrefix(#"StatefulSet "old" in this namespace declares for customer "acme" already; "#))
    // Without its declarations, the old one would have its users locked until the new one is there.
    #expect(message.contains(#"set postern.io/inject: "false" on it"#))
    #expect(try post(second, path, namespace: "other", settings: settings(old)).isAllowed)
    // The request's namespace counts, because an object may name none, or another.
    let elsewhere = try second.adding("/metadata/namespace", #""other""#)
    #expect(try !post(elsewhere, path, settings: settings(old)).isAllowed)
    let other = try second.adding("/metadata/labels/postern.io~1customer", #""other""#)
    #expect(try post(other, path, settings: settings(old)).isAllowed)
    let ofTemplate = try deployment(
      templateMetadata: #"{"labels":{"postern.io/customer":"acme"},"annotations":\#(Self.users)}"#, kind: kind)
    #expect(try !post(ofTemplate, path, settings: settings(old)).isAllowed)
    #expect(
      try post(ofTemplate.removing("/metadata/labels"), path, settings: settings(old)).fields
        == ["spec.template.metadata.labels[postern.io/customer]"])
  }

  @Test func aBarePodIsRefusedAndAWorkloadsPodIsNot() throws {
    let bare = try pod(metadata: #","annotations":\#(Self.users)"#)
    #expect(try post(bare, .validate, settings: settings(old)).fields == ["metadata.labels[postern.io/customer]"])
    let made = try bare.ownedByController("StatefulSet", "old")
    for path in AdmissionPath.allCases { #expect(try post(made, path, settings: settings(old)).isAllowed) }
    // An owner that is not the controller has not made the object.
    let owned = try bare.ownedByOthers()
    #expect(try !post(owned, .validate, settings: settings(old)).isAllowed)
  }

  /// A workload is no rival of itself: when it is created again while the old one of the same name is still known, when
  /// it is updated, or when it declares nothing.
  @Test func itIsNoRivalOfItself() throws {
    let own = settings(DeclaringObject(kind: "Deployment", name: "db"))
    let object = try deployment(annotations: Self.users)
    let more = try deployment(annotations: #"{"postern.io/users":"shop, other"}"#)
    for path in AdmissionPath.allCases {
      #expect(try post(object, path, settings: own).isAllowed)
      #expect(try post(more, path, replacing: object, settings: own).warnings == [])
      #expect(try post(deployment(), path, settings: settings(old)).isAllowed)
    }
    #expect(try !post(deployment(annotations: Self.users, kind: "StatefulSet"), .validate, settings: own).isAllowed)
  }

  @Test func anUpdateIsRefusedWhereItBeginsToDeclareAndWarnedOfWhereItDidBefore() throws {
    let (plain, object) = (try deployment(), try deployment(annotations: Self.users))
    #expect(try !post(object, .validate, replacing: plain, settings: settings(old)).isAllowed)
    let relabelled = try object.adding("/metadata/labels/postern.io~1customer", #""other""#)
    #expect(try !post(object, .validate, replacing: relabelled, settings: settings(old)).isAllowed)
    let leftAlone = try object.adding("/metadata/annotations/postern.io~1inject", #""false""#)
    #expect(try !post(object, .validate, replacing: leftAlone, settings: settings(old)).isAllowed)
    let more = try deployment(annotations: #"{"postern.io/users":"shop, other"}"#)
    let reply = try post(more, .validate, replacing: object, settings: settings(old))
    #expect(
      reply.warnings == [
        #"postern: StatefulSet "old" too declares for "acme": nothing is changed until only one does"#
      ])
    #expect(reply.isAllowed)
    #expect(try post(plain, .validate, replacing: object, settings: settings(old)).isAllowed)
    let noted = try object.adding("/metadata/annotations/x", #""y""#)
    for path in AdmissionPath.allCases {
      let unchanged = try post(noted, path, replacing: object, settings: settings(old))
      #expect(unchanged.isAllowed && unchanged.warnings == [])
    }
  }

  @Test func severalAreCounted() throws {
    let three = settings(
      DeclaringObject(kind: "Pod", name: "b"), DeclaringObject(kind: "Deployment", name: "a"),
      DeclaringObject(kind: "Pod", name: "c"))
    let message = try post(deployment(annotations: Self.users), .validate, settings: three).causes.first?.message
    #expect(message?.hasPrefix(#"Deployment "a" and 2 more in this namespace "#) == true)
  }
}
