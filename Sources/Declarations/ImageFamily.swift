/// Images that are started, and take their superuser, in the same way: the values of `postern.io/flavor`.
package enum ImageFamily: String, CaseIterable, Sendable {
  /// docker.io/postgres, and those that are made from it or keep to its variables.
  case official
  /// supabase/postgres: made from the official one, with a superuser of its own.
  case supabase
  /// Bitnami's, and what charts make of it.
  case bitnami
  /// Red Hat's and Fedora's: sclorg/postgresql-container.
  case sclorg
  /// kartoza/postgis.
  case kartoza
}
