"""Delta and Iceberg tables: merges of one commit, the lease, the repair of deleted folders."""
