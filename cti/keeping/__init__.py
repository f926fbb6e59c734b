"""What a restart needs, kept in the database: calls that are up, and where telephones are."""
