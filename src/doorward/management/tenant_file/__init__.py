"""A tenant as a document, in the format of auth0-deploy-cli's ``tenant.yaml``.

Read ``format`` first: every section of the format, declared as one of the shapes in ``sections``; what is
special about some is in ``clients``, ``actions``, ``organizations`` and ``pages``. Each is read and
written by calls of the Management API, made on a copy of the tenant (``rehearsal``): ``plan`` says what they would
change (``differences``) and do to tokens (``effects``) and what to write; ``export`` reads a tenant as a document.
``loading`` writes a plan, and then the ``users`` only ``doorward dev`` knows. ``wire`` is all of it over HTTP.
"""
