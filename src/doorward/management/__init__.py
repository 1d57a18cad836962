"""The Management API v2, and what else changes a tenant.

``kit`` is what a resource is made of, ``resources`` are the resources, ``registry`` lists them and
``ledger`` every operation there could be. ``new_tenant`` says what a tenant begins with,
``system_scopes`` what the API can be asked, ``tenant_file`` reads a tenant from a document in the
format of auth0-deploy-cli. May import: oauth, identity, ports, model, the standard library, msgspec.
"""
