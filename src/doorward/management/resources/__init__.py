"""The rooms of the Management API: one module per first path segment, each ending in ``RESOURCES``.

``client_body`` and its like hold what bodies may carry, where that is long.
"""
