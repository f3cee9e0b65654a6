/// The SQLSTATEs that mean something to this project (PostgreSQL docs, appendix A).
public enum SQLState {
  /// `protocol_violation`
  public static let protocolViolation = "08P01"
  /// `active_sql_transaction`
  public static let activeSQLTransaction = "25001"
  /// `in_failed_sql_transaction`
  public static let inFailedTransaction = "25P02"
  /// `invalid_authorization_specification`
  public static let invalidAuthorization = "28000"
  /// `invalid_password`
  public static let invalidPassword = "28P01"
  /// `dependent_privilege_descriptors_still_exist`
  public static let dependentPrivilegesExist = "2B000"
  /// `dependent_objects_still_exist`
  public static let dependentObjectsExist = "2BP01"
  /// `invalid_catalog_name`
  public static let invalidCatalogName = "3D000"
  /// `invalid_schema_name`
  public static let invalidSchemaName = "3F000"
  /// `serialization_failure`
  public static let serializationFailure = "40001"
  /// `deadlock_detected`
  public static let deadlockDetected = "40P01"
  /// `insufficient_privilege`
  public static let insufficientPrivilege = "42501"
  /// `syntax_error`
  public static let syntaxError = "42601"
  /// `undefined_object`
  public static let undefinedObject = "42704"
  /// `duplicate_object`
  public static let duplicateObject = "42710"
  /// `reserved_name`
  public static let reservedName = "42939"
  /// `duplicate_database`
  public static let duplicateDatabase = "42P04"
  /// `duplicate_schema`
  public static let duplicateSchema = "42P06"
  /// `duplicate_table`
  public static let duplicateTable = "42P07"
  /// `undefined_table`
  public static let undefinedTable = "42P01"
  /// `invalid_parameter_value`
  public static let invalidParameterValue = "22023"
  /// `unique_violation`
  public static let uniqueViolation = "23505"
  /// `feature_not_supported`
  public static let featureNotSupported = "0A000"
  /// `disk_full`
  public static let diskFull = "53100"
  /// `too_many_connections`
  public static let tooManyConnections = "53300"
  /// `object_in_use`
  public static let objectInUse = "55006"
  /// `object_not_in_prerequisite_state`
  public static let objectNotInPrerequisiteState = "55000"
  /// `lock_not_available`
  public static let lockNotAvailable = "55P03"
  /// `query_canceled`
  public static let queryCanceled = "57014"
  /// `admin_shutdown`
  public static let adminShutdown = "57P01"
  /// `crash_shutdown`
  public static let crashShutdown = "57P02"
  /// `cannot_connect_now`
  public static let cannotConnectNow = "57P03"
  /// `database_dropped`
  public static let databaseDropped = "57P04"
  /// `undefined_file`
  public static let undefinedFile = "58P01"
  /// Also "tuple concurrently updated", which ALTER ROLE and GRANT answer when two run at once.
  public static let internalError = "XX000"
}
