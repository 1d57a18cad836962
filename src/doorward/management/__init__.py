"""What changes a tenant.

``new_tenant`` says what a tenant begins with, ``system_scopes`` what the Management API can be
asked, ``tenant_file`` reads a tenant from a document in the format of auth0-deploy-cli.
"""
