"""Storage: what is kept, and how.

``schema`` has the tables (read by the migrations alone), ``database`` says what a driver offers,
``sqlite`` and ``postgres`` are the drivers. A verb is a generator of statements (``database.Verb``):
written once, it runs on either driver inside one transaction. ``directory`` keeps configuration in
memory; ``codes``, ``refresh_tokens``, ``users``, ``sessions``, ``consents``, ``attempts``,
``single_use`` and ``log`` answer the ports of those names; ``sealing`` encrypts secrets at rest.
"""
