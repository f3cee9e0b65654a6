/// Settings that a session of the database's owner cannot change: `pg_settings.context` of PostgreSQL 15 to 18.
enum ServerSetting {
  /// A superuser can, and from 15 on whom one has granted it (`superuser`, `superuser-backend`).
  static let ofSuperuser = names(
    """
    allow_in_place_tablespaces allow_system_table_mods backtrace_functions commit_delay compute_query_id
    deadlock_timeout debug_discard_caches dynamic_library_path event_triggers extension_control_path
    ignore_checksum_failure jit_debugging_support jit_dump_bitcode jit_profiling_support lc_messages
    lo_compat_privileges log_connections log_disconnections log_duration log_error_verbosity log_executor_stats
    log_lock_failures log_lock_waits log_min_duration_sample log_min_duration_statement log_min_error_statement
    log_min_messages log_parameter_max_length log_parser_stats log_planner_stats log_replication_commands log_statement
    log_statement_sample_rate log_statement_stats log_temp_files log_transaction_sample_rate max_stack_depth
    session_preload_libraries session_replication_role temp_file_limit track_activities track_cost_delay_timing
    track_counts track_functions track_io_timing track_wal_io_timing update_process_title wal_compression
    wal_consistency_checking wal_init_zero wal_recycle zero_damaged_pages
    """)

  /// Nobody can: they are the server's (`postmaster`, `sighup`, `internal`).
  static let ofServer = names(
    """
    allow_alter_system archive_cleanup_command archive_command archive_library archive_mode archive_timeout
    authentication_timeout autovacuum autovacuum_analyze_scale_factor autovacuum_analyze_threshold
    autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age autovacuum_naptime
    autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_scale_factor
    autovacuum_vacuum_insert_threshold autovacuum_vacuum_max_threshold autovacuum_vacuum_scale_factor
    autovacuum_vacuum_threshold autovacuum_work_mem autovacuum_worker_slots bgwriter_delay bgwriter_flush_after
    bgwriter_lru_maxpages bgwriter_lru_multiplier block_size bonjour bonjour_name checkpoint_completion_target
    checkpoint_flush_after checkpoint_timeout checkpoint_warning cluster_name commit_timestamp_buffers config_file
    data_checksums data_directory data_directory_mode data_sync_retry db_user_namespace debug_assertions debug_io_direct
    dynamic_shared_memory_type event_source external_pid_file file_extend_method fsync full_page_writes
    gss_accept_delegation hba_file hot_standby hot_standby_feedback huge_page_size huge_pages huge_pages_status
    ident_file idle_replication_slot_timeout ignore_invalid_pages in_hot_standby integer_datetimes io_max_combine_limit
    io_max_concurrency io_method io_workers jit_provider krb_caseins_users krb_server_keyfile lc_collate lc_ctype
    listen_addresses log_autovacuum_min_duration log_checkpoints log_destination log_directory log_file_mode
    log_filename log_hostname log_line_prefix log_recovery_conflict_waits log_rotation_age log_rotation_size
    log_startup_progress_interval log_timezone log_truncate_on_rotation logging_collector max_active_replication_origins
    max_connections max_files_per_process max_function_args max_identifier_length max_index_keys
    max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages
    max_parallel_apply_workers_per_subscription max_pred_locks_per_page max_pred_locks_per_relation
    max_pred_locks_per_transaction max_prepared_transactions max_replication_slots max_slot_wal_keep_size
    max_standby_archive_delay max_standby_streaming_delay max_sync_workers_per_subscription max_wal_senders max_wal_size
    max_worker_processes min_dynamic_shared_memory min_wal_size multixact_member_buffers multixact_offset_buffers
    notify_buffers num_os_semaphores oauth_validator_libraries old_snapshot_threshold port pre_auth_delay
    primary_conninfo primary_slot_name promote_trigger_file recovery_end_command recovery_init_sync_method
    recovery_min_apply_delay recovery_prefetch recovery_target recovery_target_action recovery_target_inclusive
    recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline recovery_target_xid
    remove_temp_files_after_crash reserved_connections restart_after_crash restore_command segment_size
    send_abort_for_crash send_abort_for_kill serializable_buffers server_encoding server_version server_version_num
    shared_buffers shared_memory_size shared_memory_size_in_huge_pages shared_memory_type shared_preload_libraries ssl
    ssl_ca_file ssl_cert_file ssl_ciphers ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_ecdh_curve ssl_groups
    ssl_key_file ssl_library ssl_max_protocol_version ssl_min_protocol_version ssl_passphrase_command
    ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers ssl_tls13_ciphers subtransaction_buffers
    summarize_wal superuser_reserved_connections sync_replication_slots synchronized_standby_slots
    synchronous_standby_names syslog_facility syslog_ident syslog_sequence_numbers syslog_split_messages
    trace_connection_negotiation trace_recovery_messages track_activity_query_size track_commit_timestamp
    transaction_buffers unix_socket_directories unix_socket_group unix_socket_permissions vacuum_defer_cleanup_age
    wal_block_size wal_buffers wal_decode_buffer_size wal_keep_size wal_level wal_log_hints
    wal_receiver_create_temp_slot wal_receiver_status_interval wal_receiver_timeout wal_retrieve_retry_interval
    wal_segment_size wal_summary_keep_time wal_sync_method wal_writer_delay wal_writer_flush_after
    """)

  private static func names(_ text: String) -> Set<String> {
    Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
  }
}
