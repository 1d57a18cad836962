"""The protocol: OAuth 2.0 and OpenID Connect, pure.

A grant proves (``grants``), the policy decides (``token_policy``, citing ``token_rules``), the mint
makes (``token_claims``, ``token_issue``); ``web`` speaks. ``token_endpoint`` is that pipeline.

* RFC 6749 §4.1, OpenID Connect Core §3: ``authorize_request``, ``authorize_decision``,
  ``authorize_response``, ``authorization``
* RFC 6749 §3.2, §5: ``token_request``, ``token_endpoint``, ``grants``; §2.3: ``client_authentication``
* RFC 6750: ``bearer``; RFC 7009: ``revocation``; RFC 7636: ``pkce``; RFC 9126: ``pushed_request``
* OpenID Connect Core §5.3: ``userinfo``; Discovery §4: ``discovery``; RP-Initiated Logout: ``logout``
* why a token came out as it did: ``explain``

May import ``ports`` and ``model``, the standard library without I/O, and msgspec.
"""
