"""How fast the server is: a harness that measures trips, and what is needed to believe it."""
