"""Second factors: the rules of each, and the one place where a code is tried."""
