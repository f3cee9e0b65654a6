extension SQLState {
  /// PostgreSQL's name for a SQLSTATE (PostgreSQL docs, appendix A), or else for its class. Nil where PostgreSQL
  /// defines neither.
  package static func condition(_ state: String) -> String? {
    (conditions.first { $0.state.description.utf8.elementsEqual(state.utf8) }
      ?? conditions.first { $0.state.description.utf8.elementsEqual(state.utf8.prefix(2)) })?.name.description
  }

  private static let conditions: [(state: StaticString, name: StaticString)] = [
    ("08", "connection_exception"), ("0A", "feature_not_supported"), ("21", "cardinality_violation"),
    ("22", "data_exception"), ("22003", "numeric_value_out_of_range"), ("22012", "division_by_zero"),
    ("22P02", "invalid_text_representation"), ("22001", "string_data_right_truncation"),
    ("23", "integrity_constraint_violation"), ("23502", "not_null_violation"), ("23503", "foreign_key_violation"),
    ("23505", "unique_violation"), ("23514", "check_violation"), ("25", "invalid_transaction_state"),
    ("25001", "active_sql_transaction"), ("25006", "read_only_sql_transaction"), ("25P02", "in_failed_sql_transaction"),
    ("28", "invalid_authorization_specification"), ("28P01", "invalid_password"),
    ("2B", "dependent_privilege_descriptors_still_exist"), ("2BP01", "dependent_objects_still_exist"),
    ("34", "invalid_cursor_name"), ("3D", "invalid_catalog_name"), ("3F", "invalid_schema_name"),
    ("40", "transaction_rollback"), ("40001", "serialization_failure"), ("40P01", "deadlock_detected"),
    ("42", "syntax_error_or_access_rule_violation"), ("42501", "insufficient_privilege"), ("42601", "syntax_error"),
    ("42701", "duplicate_column"), ("42703", "undefined_column"), ("42704", "undefined_object"),
    ("42710", "duplicate_object"), ("42723", "duplicate_function"), ("42804", "datatype_mismatch"),
    ("42883", "undefined_function"), ("42P01", "undefined_table"), ("42P04", "duplicate_database"),
    ("42P06", "duplicate_schema"), ("42P07", "duplicate_table"), ("53", "insufficient_resources"),
    ("53100", "disk_full"), ("53200", "out_of_memory"), ("53300", "too_many_connections"),
    ("54", "program_limit_exceeded"), ("55", "object_not_in_prerequisite_state"), ("55P03", "lock_not_available"),
    ("55006", "object_in_use"), ("57", "operator_intervention"), ("57014", "query_canceled"), ("58", "system_error"),
    ("P0", "plpgsql_error"), ("P0001", "raise_exception"), ("XX", "internal_error"),
  ]
}
