"""The rooms of the Management API: one module per first path segment, each ending in ``RESOURCES``.

``registry`` finds them: a module with ``RESOURCES`` is served, one without is what others declare with.

``client_body`` and its like hold what bodies may carry, where that is long.
"""
