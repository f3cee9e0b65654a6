/// Families of images that start, and take their superuser, in the same way. These are the values of
/// `postern.io/flavor`.
package enum ImageFamily: String, CaseIterable, Sendable {
  /// docker.io/postgres, and images that are built from it or use its variables.
  case official
  /// supabase/postgres: built from the official image, with another superuser.
  case supabase
  /// Bitnami's images, as their charts use them too.
  case bitnami
  /// Red Hat's and Fedora's: sclorg/postgresql-container.
  case sclorg
  /// kartoza/postgis.
  case kartoza
  /// sameersbn/postgresql.
  case sameersbn
  /// Images in which Patroni runs the server, with Patroni's own variables.
  case patroni
  /// Zalando's Spilo: Patroni too, with variables of its own.
  case spilo
}
