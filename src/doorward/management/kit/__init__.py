"""What every Management API resource is made of.

Read ``shapes`` first: the five forms an operation can take (Collection, Singleton, Link, View,
Command), each of which unfolds into ``operation.Operation`` values. ``dispatch`` finds the operation
of a request (by ``paths``) and runs it in the one order of checks; ``context`` is what a handler is
given. ``schema`` and ``formats`` say what a body may hold, ``bodies`` reads it and speaks Auth0's
validation sentences, ``paging`` and ``projection`` shape what is answered, ``writing`` commits
changes with their log event, ``errors`` refuses. May import: model, ports, oauth, msgspec.
"""
