import Contract
import Declarations
import KubernetesAPI

/// Whether clients reach Postgres by the host in connection Secrets. The webhook has no right on Services, and knows
/// only what the object says itself; the controller looks, and tells by an Event. `postern check` knows the Services
/// of its files.
struct ServiceChecks {
  private(set) var findings = Findings()

  init(_ subject: Subject, _ reading: DeclarationReading, _ postgres: ChosenPostgres?, _ settings: AdmissionSettings) {
    let object = subject.object
    let namespace = subject.review.namespace
    func setting(_ key: String) -> String? { object.metadata.setting(key) ?? object.template?.setting(key) }
    guard !object.isMadeOfTemplate, !reading.isWrong(AnnotationKey.host), !reading.isWrong(AnnotationKey.service),
      let name = object.ownName, !name.isEmpty
    else { return }
    let chosen = Replicas(object).chosen(isReplicated: object.isReplicated)
    let declared = setting(AnnotationKey.host)
    let host = declared ?? "\(chosen ?? name).\(namespace).svc"
    let target = ServiceHost(host, namespace: namespace)
    if setting(AnnotationKey.service) != nil {
      checkMaking(object, target, host: host, namespace: namespace)
      return
    }
    guard object.declares, let target else { return }
    guard let services = settings.services?(namespace) else {
      let isNew = subject.oldObject.map { $0.customer == nil } ?? true
      guard isNew, declared == nil, let own = object.serviceName, own != target.service else { return }
      findings.warn(
        "connection Secrets name the Service \(quoted(target.service)), this StatefulSet \(quoted(own)); see "
          + AnnotationKey.host)
      return
    }
    let labels = PodLabels(object)
    let port = reading.podPort(postgres)
    func faultOf(_ service: ServiceFacts?, _ host: ServiceHost) -> String? {
      ServiceFit.fault(of: service, for: host, labels, port: port, isReplicated: object.isReplicated)
    }
    guard let fault = faultOf(services.first { $0.name == target.service }, target) else { return }
    // A Service that selects all Pods leads to any of several servers.
    let other =
      target.isOfPod
      ? nil
      : services.first { service in
        !service.selector.isEmpty && service.name != target.service
          && ServiceHost(service.name, namespace: namespace).map { faultOf(service, $0) == nil } ?? false
      }
    findings.warn("connection Secrets name the host \(host): \(fault)")
    findings.warn(
      other.map { "Service \(quoted($0.name)) selects them: set \(AnnotationKey.host): \($0.name).\(namespace).svc" }
        ?? "name another host by \(AnnotationKey.host), or set \(AnnotationKey.service): make")
  }

  private mutating func checkMaking(
    _ object: CustomerObject, _ target: ServiceHost?, host: String, namespace: String
  ) {
    let prefix = object.metadata.setting(AnnotationKey.service) == nil ? object.podField : ""
    let field = "\(prefix)metadata.annotations[\(AnnotationKey.service)]"
    if object.isReplicated {
      findings.refuse(
        field,
        "a Service that Postern makes has every replica behind it, and \(AnnotationKey.replication) says that only one of "
          + "them takes writes; make the Service yourself, or take one of the two annotations away")
    }
    guard let target else {
      findings.refuse(
        field,
        "the host \(quoted(host)) is no Service of this namespace; write NAME.\(namespace).svc into \(AnnotationKey.host)"
      )
      return
    }
    guard KubernetesName.isService(target.service) else {
      findings.refuse(
        field,
        "\(quoted(target.service)) cannot be the name of a Service; expected \(KubernetesName.serviceRule); write "
          + "NAME.\(namespace).svc into \(AnnotationKey.host)")
      return
    }
  }
}
