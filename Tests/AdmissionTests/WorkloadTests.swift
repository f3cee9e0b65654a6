import Admission
import JSONBytes
import KubernetesAPI
import Testing

@Suite struct WorkloadTests {
  /// Templates without labels, or without metadata, get them.
  @Test(
    arguments: [
      #"{"labels":{"app":"db"}}"#, #"{"labels":null}"#, #"{"labels":{}}"#, #"{"creationTimestamp":null}"#, "{}", "null",
    ], ["Deployment", "StatefulSet"])
  func theTemplateGetsTheLabelAndNothingElse(metadata: String, kind: String) throws {
    let object = try deployment(templateMetadata: metadata, kind: kind)
    let admitted = try post(object, .mutate).admitted(object)
    var expected = object
    if metadata == "null" { expected = try expected.adding("/spec/template/metadata", "{}") }
    if object.at("spec", "template", "metadata", "labels", "app") == nil {
      expected = try expected.adding("/spec/template/metadata/labels", "{}")
    }
    expected = try expected.adding("/spec/template/metadata/labels/postern.io~1customer", #""acme""#)
    #expect(admitted == expected)
    #expect(try post(admitted, .mutate).patch == nil)
    #expect(try post(object, .mutate, replacing: object).patch != nil)
  }

  @Test func aTemplateWithoutMetadataGetsIt() throws {
    let object = try deployment().removing("/spec/template/metadata")
    let expected = try object.adding("/spec/template/metadata", #"{"labels":{"postern.io/customer":"acme"}}"#)
    #expect(try post(object, .mutate).admitted(object) == expected)
  }

  @Test func aLabelOnTheTemplateAloneIsEnough() throws {
    let object = try deployment(templateMetadata: #"{"labels":{"postern.io/customer":"acme"}}"#)
      .removing("/metadata/labels")
    #expect(try post(object, .mutate).answer.record.decision == .unchanged)
    let broken = try object.adding("/metadata/annotations", #"{"postern.io/users":"pg_x"}"#)
    #expect(try !post(broken, .validate).isAllowed)
  }

  @Test func anotherCustomerOnTheTemplateIsRefused() throws {
    let object = try deployment(templateMetadata: #"{"labels":{"postern.io/customer":"other"}}"#)
    for path in AdmissionPath.allCases {
      #expect(try post(object, path).fields == ["spec.template.metadata.labels[postern.io/customer]"])
    }
  }

  @Test func declaringInBothPlacesIsRefused() throws {
    let object = try deployment(
      annotations: #"{"postern.io/users":"a"}"#,
      templateMetadata: #"{"annotations":{"postern.io/users":"a","postern.io/databases":"x"}}"#)
    for path in AdmissionPath.allCases {
      #expect(
        try post(object, path).fields == [
          "spec.template.metadata.annotations[postern.io/databases]",
          "spec.template.metadata.annotations[postern.io/users]",
        ])
    }
  }

  @Test func settingsOfThePodMayStandOnTheTemplateWhileTheWorkloadDeclares() throws {
    let object = try deployment(
      annotations: #"{"postern.io/users":"a"}"#, templateMetadata: #"{"annotations":{"postern.io/port":"5433"}}"#)
    #expect(try post(object, .validate).isAllowed)
    let broken = try object.adding("/spec/template/metadata/annotations/postern.io~1port", #""x""#)
    #expect(try post(broken, .validate).fields == ["spec.template.metadata.annotations[postern.io/port]"])
  }

  /// A Pod does not have its workload's annotations. Annotations that would have another effect there are refused, with
  /// the place where they belong.
  @Test(arguments: [
    ("container", "db", true), ("container", "other", false), ("port", "5432", true), ("port", "5433", false),
    ("gate-readiness", "true", true), ("gate-readiness", "false", false), ("admin-secret", "mine", false),
    ("status-port", "9000", false),
  ])
  func settingsOfThePodOnTheWorkloadMustComeOutTheSame(setting: String, value: String, isAllowed: Bool) throws {
    let annotation = #"{"postern.io/\#(setting)":"\#(value)"}"#
    let podSpec = #"{"containers":[{"name":"db","image":"postgres"},{"name":"other","image":"x"}]}"#
    let onWorkload = try deployment(annotations: annotation, podSpec: podSpec)
    let reply = try post(onWorkload, .validate)
    #expect(reply.fields == (isAllowed ? [] : ["metadata.annotations[postern.io/\(setting)]"]))
    if !isAllowed { #expect(reply.causes.first?.message.contains("spec.template.metadata.annotations") == true) }
    let onTemplate = try deployment(templateMetadata: #"{"annotations":\#(annotation)}"#, podSpec: podSpec)
    #expect(try post(onTemplate, .validate).isAllowed)
  }

  @Test func aWorkloadWhosePostgresCannotBeToldIsRefused() throws {
    let podSpec = #"{"containers":[{"name":"a"},{"name":"b"}]}"#
    let users = #"{"postern.io/users":"a"}"#
    #expect(
      try post(deployment(annotations: users, podSpec: podSpec), .validate).fields
        == ["spec.template.metadata.annotations[postern.io/container]"])
    let told = try deployment(annotations: #"{"postern.io/container":"b"}"#, podSpec: podSpec)
    #expect(try post(told, .validate).fields == ["metadata.annotations[postern.io/container]"])
  }

  @Test func aWorkloadThatIsNotToBeInjectedIsLeftAlone() throws {
    let annotation = #"{"postern.io/inject":"false","postern.io/users":"pg_x"}"#
    for object in [
      try deployment(annotations: annotation), try deployment(templateMetadata: #"{"annotations":\#(annotation)}"#),
    ] {
      for path in AdmissionPath.allCases { #expect(try post(object, path).answer.record.decision == .unchanged) }
    }
  }

  @Test func aWorkloadOnTheHostNetworkIsAllowedWithAWarning() throws {
    let podSpec = #"{"hostNetwork":true,"containers":[{"name":"a"},{"name":"b"}]}"#
    let reply = try post(deployment(podSpec: podSpec), .validate)
    #expect(reply.isAllowed && reply.warnings.count == 1)
  }

  /// A template as `postern inject` prints it: it contains what its Pods would get.
  @Test(arguments: AdmissionSettings.SidecarMode.allCases)
  func aTemplateThatIsInjectedAlreadyIsFine(mode: AdmissionSettings.SidecarMode) throws {
    let plain = try pod()
    let injected = try post(plain, .mutate, settings: AdmissionSettings(sidecarMode: mode)).admitted(plain)
    let object = try deployment(
      templateMetadata: #"{"annotations":{"postern.io/injected":"v1"}}"#, podSpec: injected["spec"]?.text ?? "")
    #expect(try post(object, .validate).isAllowed)
  }

  @Test(arguments: ["Deployment", "StatefulSet"])
  func aWorkloadThatIsBeingDeletedIsLeftAlone(kind: String) throws {
    let object = try deployment(annotations: #"{"postern.io/users":"pg_x"}"#, kind: kind)
      .adding("/metadata/deletionTimestamp", #""2026-11-21T10:47:26Z""#)
    for path in AdmissionPath.allCases {
      #expect(try post(object, path, replacing: deployment()).answer.record.decision == .unchanged)
    }
  }
}
