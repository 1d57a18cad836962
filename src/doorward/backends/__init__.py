"""The plugs: everything that touches the world.

``storage`` keeps things, ``keys`` does the mathematics, ``chance`` and ``clock`` are what their
names say. Each implements a protocol of ``ports``.
"""
