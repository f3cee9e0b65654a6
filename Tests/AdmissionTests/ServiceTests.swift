import Admission
import JSONBytes
import Testing

/// Whether clients reach Postgres by the host in connection Secrets.
@Suite struct ServiceTests {
  @Test(arguments: [
    ("db.shop.svc", "db", false), ("db.shop.svc.", "db", false), ("db.shop.svc.cluster.local", "db", false),
    ("DB.shop", "db", false), ("db", "db", false), ("db-0.db.shop.svc", "db", true), ("db-0.db.shop", "db", true),
    ("db-0.db.shop.svc.example.org", "db", true),
  ])
  func aHostNamesAService(host: String, service: String, isOfPod: Bool) throws {
    let found = try #require(ServiceHost(host, namespace: "shop"))
    #expect(found.service == service && found.isOfPod == isOfPod)
  }

  @Test func aServiceMayHaveItsNamespacesName() throws {
    #expect(ServiceHost("shop-0.shop.shop.svc", namespace: "shop")?.isOfPod == true)
  }

  @Test(arguments: [
    "db.other.svc", "db.example.com", "10.0.0.7", "::1", "pg.shop.example.com", "a.db-0.db.shop.svc", "shop.svc.db", "",
  ])
  func otherHostsNameNone(host: String) { #expect(ServiceHost(host, namespace: "shop") == nil) }

  private static let users = #"{"postern.io/users":"shop"}"#

  private static func service(_ spec: String, _ name: String = "db") throws -> ServiceFacts {
    try ServiceFacts(json(#"{"metadata":{"name":"\#(name)"},"spec":\#(spec)}"#))
  }

  /// What is warned of where the namespace has these Services.
  private func warnings(
    _ object: JSONValue, _ services: [ServiceFacts]?, replacing old: JSONValue? = nil
  ) throws -> [String] {
    var settings = testSettings
    if let services { settings.services = { $0 == "shop" ? services : [] } }
    let reply = try post(object, .validate, replacing: old, settings: settings)
    #expect(reply.isAllowed, "\(reply.root.text)")
    return reply.warnings
  }

  @Test(arguments: [
    #"{"selector":{"app":"db"},"ports":[{"port":5432}]}"#,
    #"{"selector":{"app":"db"},"ports":[{"port":80},{"port":5432,"targetPort":"postgres"}]}"#,
    #"{"selector":{"app":"db","postern.io/customer":"acme"},"ports":[{"port":5432,"targetPort":5432,"protocol":"TCP"}]}"#,
    #"{"selector":{"app":"db"},"clusterIP":"None"}"#,
    // Somebody else says where these lead.
    #"{"ports":[{"port":5432}]}"#, #"{"type":"ExternalName","externalName":"pg.example.com"}"#,
  ])
  func aServiceThatLeadsToPostgresIsFine(spec: String) throws {
    let object = try deployment(
      annotations: Self.users, templateMetadata: #"{"labels":{"app":"db","postern.io/customer":"acme"}}"#)
    #expect(try warnings(object, [Self.service(spec)]) == [])
  }

  @Test(arguments: [
    (
      #"{"selector":{"app":"web"},"ports":[{"port":5432}]}"#,
      #"Service "db" selects app=web, which these Pods do not have"#
    ),
    (#"{"selector":{"app":"db","tier":"a"},"ports":[{"port":5432}]}"#, #"Service "db" selects tier=a, which"#),
    (#"{"selector":{"app":"web"},"clusterIP":"None"}"#, #"Service "db" selects app=web, which"#),
    (#"{"selector":{"app":"db"},"ports":[{"port":5433,"targetPort":5432}]}"#, #"Service "db" has no port 5432"#),
    (#"{"selector":{"app":"db"},"ports":[{"port":5432,"protocol":"UDP"}]}"#, #"Service "db" has no port 5432"#),
    (
      #"{"selector":{"app":"db"},"ports":[{"port":5432,"targetPort":6432}]}"#,
      #"Service "db" sends port 5432 to 6432, and Postgres has 5432"#
    ),
  ])
  func oneThatDoesNotIsWarnedOf(spec: String, fault: String) throws {
    let warnings = try warnings(deployment(annotations: Self.users), [Self.service(spec)])
    #expect(
      warnings.first?.hasPrefix("postern: connection Secrets name the host db.shop.svc: \(fault)") == true,
      "\(warnings)")
    #expect(warnings.last == "postern: name another host by postern.io/host, or set postern.io/service: make")
  }

  @Test func whereThereIsNoneAnotherOneThatWouldDoIsNamed() throws {
    let object = try deployment(annotations: Self.users)
    #expect(try warnings(object, []).first?.contains(#"there is no Service "db""#) == true)
    let other = try Self.service(#"{"selector":{"app":"db"},"ports":[{"port":5432}]}"#, "pg")
    #expect(
      try warnings(object, [other]).last == #"postern: Service "pg" selects them: set postern.io/host: pg.shop.svc"#)
    let named = try object.adding("/metadata/annotations/postern.io~1host", #""pg.shop.svc""#)
    #expect(try warnings(named, [other]) == [])
    for host in ["10.0.0.7", "db.example.com"] {
      #expect(try warnings(object.adding("/metadata/annotations/postern.io~1host", #""\#(host)""#), []) == [])
    }
  }

  @Test func aStatefulSetsOwnLabelsAndThoseOfAReplicatorCount() throws {
    let spec = #"{"selector":{"app":"db","statefulset.kubernetes.io/pod-name":"db-0"},"ports":[{"port":5432}]}"#
    let set = try deployment(annotations: Self.users, kind: "StatefulSet")
    #expect(try warnings(set, [Self.service(spec)]) == [])
    #expect(try warnings(deployment(annotations: Self.users), [Self.service(spec)]).count == 2)
    let role = try Self.service(#"{"selector":{"app":"db","role":"primary"},"ports":[{"port":5432}]}"#)
    #expect(try warnings(set, [role]).count == 2)
    let replicated = try set.adding("/metadata/annotations/postern.io~1replication", #""external""#)
    #expect(try warnings(replicated, [role]) == [])
  }

  @Test func theFirstOfSeveralPodsNeedsAHeadlessService() throws {
    let set = try deployment(annotations: Self.users, kind: "StatefulSet").adding("/spec/replicas", "2")
      .adding("/spec/serviceName", #""pods""#)
    func told(_ spec: String) throws -> [String] {
      try warnings(set, [Self.service(spec, "pods")]).filter { $0.contains("connection Secrets name") }
    }
    #expect(try told(#"{"selector":{"app":"db"},"clusterIP":"None"}"#) == [])
    let warning = try told(#"{"selector":{"app":"db"},"ports":[{"port":5432}]}"#).first
    #expect(
      warning?.contains(#"db-0.pods.shop.svc: Service "pods" gives its Pods no names"#) == true, "\(warning ?? "")")
  }

  /// The webhook cannot know the Services. It tells what the object itself shows, once.
  @Test func whereServicesAreNotKnownOnlyAnotherServiceNameIsTold() throws {
    #expect(try warnings(deployment(annotations: Self.users), nil) == [])
    let set = try deployment(annotations: Self.users, kind: "StatefulSet")
    #expect(try warnings(set.adding("/spec/serviceName", #""db""#), nil) == [])
    let other = try set.adding("/spec/serviceName", #""db-pods""#)
    #expect(
      try warnings(other, nil) == [
        #"postern: connection Secrets name the Service "db", this StatefulSet "db-pods"; see postern.io/host"#
      ])
    let changed = try other.adding("/metadata/annotations/postern.io~1users", #""shop, more""#)
    #expect(try warnings(changed, nil, replacing: other) == [])
    for (key, value) in [("host", "db-pods"), ("service", "make")] {
      #expect(try warnings(other.adding("/metadata/annotations/postern.io~1\(key)", #""\#(value)""#), nil) == [])
    }
  }

  @Test(arguments: [
    (#""postern.io/service":"yes""#, "make"),
    (#""postern.io/service":"make","postern.io/host":"pg.example.com""#, "is no Service of this namespace"),
    (#""postern.io/service":"make","postern.io/host":"1db.shop.svc""#, "cannot be the name of a Service"),
    (#""postern.io/service":"make","postern.io/replication":"external""#, "has every replica behind it"),
  ])
  func whatCannotBeMadeIsRefused(annotations: String, message: String) throws {
    for kind in ["Deployment", "StatefulSet"] {
      for place in ["", "spec.template."] {
        let object =
          place.isEmpty
          ? try deployment(annotations: "{\(annotations)}", kind: kind)
          : try deployment(
            templateMetadata: #"{"labels":{"app":"db"},"annotations":{\#(annotations)}}"#, kind: kind)
        let causes = try post(object, .validate).causes
        #expect(causes.map(\.field) == ["\(place)metadata.annotations[postern.io/service]"])
        #expect(causes.first?.message.contains(message) == true, "\(causes)")
      }
    }
    let bare = try pod(metadata: #","annotations":{\#(annotations)}"#)
    #expect(try post(bare, .validate).fields == ["metadata.annotations[postern.io/service]"])
  }
}
