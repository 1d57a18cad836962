"""Keys and what is done with them.

``compact`` parses JOSE strictly, ``jose`` signs, verifies and seals, ``signing_keys`` makes tenant
keys, ``password_hashes`` guards passwords, ``master_key`` protects the rest at rest, ``local_ca``
gives development its certificates.
"""
