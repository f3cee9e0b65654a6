/// The exit statuses of design §5.
enum ExitStatus: Int32 {
  case success = 0
  /// A declaration is refused, or what was asked for failed.
  case refused = 1
  /// A file, a flag or a cluster that was named cannot be used.
  case unreadable = 2
  /// `plan` has found changes; `status --wait` has seen them not made in time.
  case changes = 3
}
