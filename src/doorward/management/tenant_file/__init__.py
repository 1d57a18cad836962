"""A tenant as a document, in the format of auth0-deploy-cli's ``tenant.yaml``.

``plan`` compares a document with a tenant and says what to write, by the rules of the Management API;
``loading`` writes it, and then the ``users``. The same document twice changes nothing, and nothing is ever
deleted.
"""
