"""The nouns of Doorward: frozen values, no behaviour beyond their own invariants.

Read ``tenant`` first (who is being served), then ``client``, ``resource_server`` and
``client_grant`` (who may ask for what), ``user`` and ``session`` (the person), ``credential``
(what is handed out and spent) and ``log_event`` (what is remembered). ``directory`` gathers the
configuration of one tenant as one immutable snapshot; ``document`` is how configuration is kept.

Configuration values carry the property names of Auth0's Management API, so that one stored
document serves both the API and the protocol. May import: the standard library and msgspec.
"""
