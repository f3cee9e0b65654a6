import Admission
import Contract
import DatabaseSpec
import Declarations
import Instances
import KubernetesClient

/// The part of a pass that is about the Service through which clients reach Postgres. Services are not watched: one that
/// is named is read where that may tell something new.
struct ServicePass {
  let instance: Instance
  let access: ObjectAccess
  private(set) var made: [String] = []
  private(set) var changed: [String] = []
  private(set) var deleted: [String] = []
  /// What is wrong, for an Event.
  private(set) var notices: [(reason: Notice.Reason, message: String)] = []
  /// The question whose answer was that clients reach Postgres; nil where they do not, or nobody knows.
  private(set) var answered: Int?

  init(_ instance: Instance, _ access: ObjectAccess) {
    (self.instance, self.access) = (instance, access)
  }

  private var customer: String { instance.declaration.spec.customer }

  /// Takes a Service away that was made and is no longer asked for. Its name is noted on the ConfigMap, which is written
  /// after this, so that it is not forgotten if the pass ends here.
  mutating func remove(_ former: String?, for desired: DesiredService?) async throws(Interruption) {
    guard let former, former != desired?.name, let live = try await access.service(former),
      live.isManaged(for: customer)
    else { return }
    try await access.delete(live)
    deleted.append("Service \(former)")
  }

  /// Makes the Service that is asked for, else looks whether the host leads to Postgres.
  /// - Parameter known: the question that was answered well before; nil where it must be asked again.
  mutating func settle(_ desired: DesiredService?, known: Int?) async throws(Interruption) {
    guard let host = instance.serviceHost, !instance.declaration.spec.users.isEmpty || desired != nil else { return }
    let question = Self.question(instance)
    guard let desired else {
      if known == question {
        answered = question
        return
      }
      let live: LiveService?
      do throws(Interruption) { live = try await access.service(host.service) } catch {
        // A role of an earlier release lacks the right. All else is done without it.
        guard case .failed(let failure) = error, failure.isForbidden else { throw error }
        return
      }
      guard let fault = faultOf(live, host) else {
        answered = question
        return
      }
      notices.append(
        (
          .noService,
          "connection Secrets name the host \(instance.host): \(fault); make a Service that selects the Pods, name "
            + "another host by \(AnnotationKey.host), or set \(AnnotationKey.service): make"
        ))
      return
    }
    let found = try await access.service(desired.name)
    var live = found
    if let found, !found.isManaged(for: customer) {
      guard let fault = faultOf(found, host) else { return }
      notices.append(
        (
          .conflict,
          "Service \"\(desired.name)\" is not Postern's (it has no label \(ObjectLabel.managedBy): \(ObjectLabel.manager) "
            + "for this customer) and is left as it is: \(fault); rename or delete it, or name another host by "
            + AnnotationKey.host
        ))
      return
    }
    if let found {
      guard !desired.isSatisfied(by: found) else { return }
      if !desired.isInPlace(of: found) {
        try await access.delete(found)
        live = nil
      }
    }
    try await access.apply(desired, over: live)
    if found != nil { changed.append("Service \(desired.name)") } else { made.append("Service \(desired.name)") }
  }

  private func faultOf(_ live: LiveService?, _ host: ServiceHost) -> String? {
    ServiceFit.fault(
      of: live?.facts, for: host, instance.podLabels, port: instance.port,
      isReplicated: instance.declaration.isReplicated)
  }

  /// All that the answer depends on besides the Service itself.
  private static func question(_ instance: Instance) -> Int {
    var hasher = Hasher()
    hasher.combine(instance.host)
    hasher.combine(instance.port)
    hasher.combine(instance.podLabels)
    hasher.combine(instance.declaration.isReplicated)
    return hasher.finalize()
  }
}
