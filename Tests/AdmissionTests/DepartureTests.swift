import Admission
import JSONBytes
import Testing

/// The warning when an update removes a declaring object from Postern's control.
@Suite struct DepartureTests {
  private static let users = #"{"postern.io/users":"shop"}"#
  private static let leftAlone = #"{"postern.io/users":"shop","postern.io/inject":"false"}"#
  private static let label = #"{"labels":{"postern.io/customer":"acme"}}"#
  private static let gone =
    #"postern: nothing is declared for customer "acme" here any more: its databases, users and Secrets stay as they are"#
  private static let goesOn = "postern: new Pods get no sidecar; in those that run it goes on by what was declared last"
  private static let replaced =
    "postern: the label goes from the Pod template, too: the Pods are replaced, and come without the sidecar"
  private static let taken =
    "postern: the Pods are replaced; users in Postgres stay the old customer's until they are given over"
  private static let stillInjected =
    "postern: new Pods still get the sidecar: write postern.io/inject in spec.template.metadata.annotations too"
  private static let unwatched =
    "postern: a change here is seen only when a Pod is made, now that the Pod template alone has the label"

  private func said(_ old: JSONValue, _ new: JSONValue) throws -> [String] {
    let reply = try post(new, .validate, replacing: old)
    #expect(reply.isAllowed)
    #expect(reply.warnings.allSatisfy { $0.count < 120 }, "cut")
    #expect(try post(new, .mutate, replacing: old).warnings == [])
    return reply.warnings
  }

  @Test(arguments: ["Deployment", "StatefulSet"])
  func theLabelIsTakenOffAWorkload(kind: String) throws {
    let old = try deployment(annotations: Self.users, templateMetadata: Self.label, kind: kind)
    let own = try old.removing("/metadata/labels/postern.io~1customer")
    let both = try own.removing("/spec/template/metadata/labels/postern.io~1customer")
    #expect(try said(old, both) == [Self.gone, Self.replaced])
    #expect(try said(old, both.removing("/metadata/annotations")) == [Self.gone, Self.replaced])
    #expect(try said(own, both) == [Self.gone, Self.replaced])
    #expect(try said(old, own) == [Self.unwatched])
    #expect(try said(own, old) == [])
    // The template has the declarations.
    let template = try deployment(
      annotations: "{}", templateMetadata: #"{"labels":{"postern.io/customer":"acme"},"annotations":\#(Self.users)}"#)
    let unlabelled = try template.removing("/metadata/labels").removing("/spec/template/metadata/labels")
    #expect(try said(template, unlabelled) == [Self.gone, Self.replaced])
  }

  @Test(arguments: ["Deployment", "StatefulSet"])
  func aWorkloadIsToBeLeftAlone(kind: String) throws {
    let old = try deployment(annotations: Self.users, templateMetadata: Self.label, kind: kind)
    let own = try deployment(annotations: Self.leftAlone, templateMetadata: Self.label, kind: kind)
    #expect(try said(old, own) == [Self.gone, Self.stillInjected])
    let template = try old.adding("/spec/template/metadata/annotations", #"{"postern.io/inject":"false"}"#)
    #expect(try said(old, template) == [Self.gone, Self.goesOn])
    #expect(try said(own, own.adding("/metadata/annotations/x", #""y""#)) == [])
    #expect(try said(own, old) == [])
  }

  @Test func aBarePodIsTakenOut() throws {
    let old = try pod(metadata: #","annotations":\#(Self.users)"#)
    #expect(try said(old, old.removing("/metadata/labels")) == [Self.gone])
    #expect(try said(old, pod(metadata: #","annotations":\#(Self.leftAlone)"#)) == [Self.gone])
    let made = try old.ownedByController("ReplicaSet", "x")
    #expect(try said(made, made.removing("/metadata/labels")) == [])
    let owned = try old.ownedByOthers()
    #expect(try said(owned, owned.removing("/metadata/labels")) == [Self.gone])
  }

  @Test func anotherCustomerTakesItOver() throws {
    let old = try deployment(annotations: Self.users)
    #expect(try said(old, old.adding("/metadata/labels/postern.io~1customer", #""other""#)) == [Self.gone, Self.taken])
  }

  private static let own = "/metadata/labels/postern.io~1customer"
  private static let templates = "/spec/template/metadata/labels/postern.io~1customer"

  /// A workload as it is stored: the webhook has put the label into its template.
  private func stored(kind: String = "Deployment", applied: String? = nil) throws -> JSONValue {
    let object = try deployment(annotations: Self.users, kind: kind)
    let stamped = try post(object, .mutate).admitted(object)
    #expect(stamped.at("spec", "template", "metadata", "labels", "postern.io/customer")?.string == "acme")
    guard let applied else { return stamped }
    return try stamped.adding(
      "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration", JSONValue.string(applied).text)
  }

  /// kubectl leaves in the template what its author never wrote.
  @Test(arguments: ["Deployment", "StatefulSet"])
  func whatWasPutIntoTheTemplateFollowsTheLabel(kind: String) throws {
    for applied in [nil, #"{"spec":{"template":{"metadata":{"labels":{"app":"db"}}}}}"#, "no manifest"] {
      let old = try stored(kind: kind, applied: applied)
      let renamed = try old.adding(Self.own, #""beta""#)
      let admitted = try post(renamed, .mutate, replacing: old).admitted(renamed)
      #expect(try admitted == renamed.adding(Self.templates, #""beta""#))
      #expect(try post(admitted, .validate, replacing: old).warnings == [Self.gone, Self.taken])
      let taken = try old.removing(Self.own)
      let without = try post(taken, .mutate, replacing: old).admitted(taken)
      #expect(try without == taken.removing(Self.templates))
      #expect(try post(without, .validate, replacing: old).warnings == [Self.gone, Self.replaced])
    }
  }

  /// What the API server notes of who wrote what.
  private static func managed(byAuthor: Bool) -> String {
    let label = byAuthor ? #","f:postern.io/customer":{}"# : ""
    return #"""
      [{"manager":"kube-controller-manager","operation":"Update","subresource":"status","fieldsType":"FieldsV1",
        "fieldsV1":{"f:status":{"f:observedGeneration":{}}}},{"manager":"x"},
       {"manager":"argocd-controller","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":
        {"f:postern.io/customer":{}}},"f:spec":{"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}\#(label)}}}}}}]
      """#
  }

  /// A label that server-side apply moves from the workload to its template is its author's in the same request: it is not
  /// taken off, only to be applied again.
  @Test(arguments: ["Deployment", "StatefulSet"])
  func whatIsMovedToTheTemplateStaysThere(kind: String) throws {
    let old = try stored(kind: kind).adding("/metadata/managedFields", Self.managed(byAuthor: false))
    let moved = try old.removing(Self.own).adding("/metadata/managedFields", Self.managed(byAuthor: true))
    #expect(try post(moved, .mutate, replacing: old).patch == nil)
    #expect(try post(moved, .validate, replacing: old).warnings == [Self.unwatched])
    // Taken off, and written nowhere else.
    let taken = try old.removing(Self.own)
    #expect(try post(taken, .mutate, replacing: old).admitted(taken) == taken.removing(Self.templates))
  }

  /// What is wrong with the new label is said all the same.
  @Test func aNameThatCannotBeIsRefused() throws {
    let old = try stored()
    let renamed = try old.adding(Self.own, #""Beta""#)
    #expect(try post(renamed, .mutate, replacing: old).fields == ["metadata.labels[postern.io/customer]"])
  }

  /// It is its author's where the author wrote it, printed it, changed it, or finds the Pods by it.
  @Test func whatIsTheAuthorsStays() throws {
    let own = #"{"spec":{"template":{"metadata":{"labels":{"postern.io/customer":"acme"}}}}}"#
    let selecting = try stored().adding(
      "/spec/selector", #"{"matchLabels":{"postern.io/customer":"acme"}}"#)
    let printed = try stored().adding("/spec/template/metadata/annotations", #"{"postern.io/injected":"v1"}"#)
    let applied = try stored().adding("/metadata/managedFields", Self.managed(byAuthor: true))
    for old in [try stored(applied: own), selecting, printed, applied] {
      let taken = try old.removing(Self.own)
      #expect(try post(taken, .mutate, replacing: old).patch == nil)
      let renamed = try old.adding(Self.own, #""beta""#)
      #expect(
        try post(renamed, .mutate, replacing: old).fields == ["spec.template.metadata.labels[postern.io/customer]"])
    }
    // Both were written by hand in one go.
    let old = try stored()
    let both = try old.adding(Self.own, #""beta""#).adding(Self.templates, #""beta""#)
    #expect(try post(both, .mutate, replacing: old).patch == nil)
    // Whoever sends the validating webhook what was not mutated is told.
    #expect(
      try post(old.adding(Self.own, #""beta""#), .validate, replacing: old).fields
        == ["spec.template.metadata.labels[postern.io/customer]"])
  }

  @Test func whatDeclaredNothingLeavesNothing() throws {
    let old = try deployment(templateMetadata: Self.label)
    #expect(try said(old, old.removing("/metadata/labels").removing("/spec/template/metadata/labels")) == [])
    let going = try deployment(annotations: Self.users).adding(
      "/metadata/deletionTimestamp", #""2026-11-21T10:47:26Z""#)
    #expect(try said(deployment(annotations: Self.users), going.removing("/metadata/labels")) == [])
  }
}
