// PostgresProvisioner
