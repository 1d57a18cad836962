"""A tenant as a document, in the format of auth0-deploy-cli's ``tenant.yaml``.

``plan`` compares a document with a tenant and says what to write; the same document twice changes
nothing, and nothing is ever deleted.
"""
