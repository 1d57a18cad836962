"""The way out: requests to other servers, and messages to people.

``addresses`` says where nobody may be sent, and ``http`` and ``smtp`` hold to it. A message goes from the outbox
through the ``relay`` to the ``courier``, which finds the tenant's provider and has it composed in the tenant's words
or ours.
"""
