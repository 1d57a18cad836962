"""Schema migrations (Alembic). Imported only to migrate, never to serve."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade_sqlite(raw: sqlite3.Connection) -> None:
    """Bring the database behind an open ``sqlite3`` connection to the newest schema, in one transaction."""
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    raw.execute("BEGIN IMMEDIATE")
    try:
        with engine.connect() as connection:
            command.upgrade(configuration(connection), "head")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    if raw.in_transaction:
        raw.execute("COMMIT")
