"""Run by Alembic: binds the migrations to the connection they are given."""

from alembic import context

from doorward.backends.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
