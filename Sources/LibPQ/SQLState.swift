/// The SQLSTATEs that this project handles (PostgreSQL docs, appendix A).
package enum SQLState {
  /// `invalid_authorization_specification`
  package static let invalidAuthorization = "28000"
  /// `invalid_grant_operation`
  package static let invalidGrantOperation = "0LP01"
  /// `invalid_password`
  package static let invalidPassword = "28P01"
  /// `invalid_catalog_name`
  package static let invalidCatalogName = "3D000"
  /// `deadlock_detected`
  package static let deadlockDetected = "40P01"
  /// `serialization_failure`; Postern raises it itself where another session has done something meanwhile.
  package static let serializationFailure = "40001"
  /// `insufficient_privilege`
  package static let insufficientPrivilege = "42501"
  /// `undefined_object`
  package static let undefinedObject = "42704"
  /// `duplicate_object`
  package static let duplicateObject = "42710"
  /// `duplicate_database`
  package static let duplicateDatabase = "42P04"
  /// `undefined_table`
  package static let undefinedTable = "42P01"
  /// `undefined_column`
  package static let undefinedColumn = "42703"
  /// `undefined_function`
  package static let undefinedFunction = "42883"
  /// `invalid_parameter_value`
  package static let invalidParameterValue = "22023"
  /// `untranslatable_character`
  package static let untranslatableCharacter = "22P05"
  /// `invalid_schema_name`
  package static let invalidSchemaName = "3F000"
  /// `unique_violation`
  package static let uniqueViolation = "23505"
  /// `too_many_connections`
  package static let tooManyConnections = "53300"
  /// `object_not_in_prerequisite_state`, as of a database that takes no connections
  package static let objectNotInPrerequisiteState = "55000"
  /// `object_in_use`
  package static let objectInUse = "55006"
  /// `lock_not_available`
  package static let lockNotAvailable = "55P03"
  /// `query_canceled`
  package static let queryCanceled = "57014"
  /// `active_sql_transaction`
  package static let activeSQLTransaction = "25001"
  /// `invalid_transaction_termination`
  package static let invalidTransactionTermination = "2D000"
  /// `unsafe_new_enum_value_usage`
  package static let unsafeNewEnumValue = "55P04"
  /// `undefined_file`
  package static let undefinedFile = "58P01"
  /// `raise_exception`
  package static let raiseException = "P0001"
  /// `admin_shutdown`
  package static let adminShutdown = "57P01"
  /// `crash_shutdown`
  package static let crashShutdown = "57P02"
  /// `cannot_connect_now`
  package static let cannotConnectNow = "57P03"
  /// Also "tuple concurrently updated", the error of ALTER ROLE and GRANT when two of them run at the same time.
  package static let internalError = "XX000"
}
