"""Universal Login: the pages people see. Values in, HTTP answers out; nothing here reads a request.

``pages`` has one frozen value per screen, ``documents`` one per answer that returns to the
application by itself (form_post, web_message), and ``render`` turns either into a response.
``look`` is what a tenant's branding changes, ``colours`` keeps it legible, ``monogram`` draws the
logo of a tenant that has none; ``headers`` is the security policy of every kind of page;
``catalogue`` holds the texts (``texts/{locale}.json``: prompt, screen, key, with Auth0's names;
the prompt ``doorward`` has those Auth0 has no name for) and ``locales`` chooses between them;
``assets`` are the files served beside the pages.

Names of fields, actions, ids, classes and data attributes are a contract with browser tests and
scripts written against Auth0: they change only together with ``tests/unit/web/login``.
"""
