"""Doorward: a self-hosted authorization server, wire-compatible with Auth0.

The house, floor by floor; imports only go down, and rooms on one floor do not know each other:

    7  cli        testing        how people start it, how people test with it
    6  app  →  settings          the composition root: the only place that knows everyone
    5  web      |  backends      HTTP  |  the outside world
    4  management                the Management API v2, declared
    2  oauth    |  identity      the protocol  |  the person
    1  ports  →  model           the sockets in the wall, the nouns

A grant proves, the policy decides, the mint makes, the edge speaks. Floors 1 to 4 import the
standard library without I/O, and msgspec; clock, randomness, keys and storage come in through ports.
"""

__version__ = "0.1.0"
