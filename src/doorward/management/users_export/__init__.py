"""Users into a file: ``POST /jobs/users-exports``."""
