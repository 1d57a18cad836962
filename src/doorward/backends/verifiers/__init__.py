"""What proofs are checked with that takes a library of its own."""
