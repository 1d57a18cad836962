"""HTTP: the edge that speaks.

``routes`` lists every URL; ``asgi`` answers requests and is where an exception becomes an answer;
``tenancy`` turns a Host header into an issuer; ``wire`` knows forms, JSON, cookies and headers;
``authentication`` has one module per endpoint of the Authentication API; ``server`` runs it all.
"""
