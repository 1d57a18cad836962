"""The person: pure rules over ports. ``password_login`` checks identifier and password."""
