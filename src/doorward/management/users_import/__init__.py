"""Users out of a file, many at a time: ``POST /jobs/users-imports``."""
