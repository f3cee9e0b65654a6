import Instances

/// The result of applying the manifest once in a trial.
struct AppliedManifest {
  let instance: AdmittedInstance
  let objects: InstanceObjects
  /// Secrets that the sidecar needs and the file lacks. They were made up for the trial.
  let madeUp: [(name: String, keys: [String])]
  /// Whether the objects differ from those that were applied before.
  let hasChanges: Bool
}
