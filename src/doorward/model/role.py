"""Roles and the permissions they hold (RBAC)."""

from __future__ import annotations

from msgspec import Struct


class Permission(Struct, frozen=True):
    """A scope of one API, granted to a role or directly to a user."""

    resource_server_identifier: str
    permission_name: str


class Role(Struct, frozen=True, kw_only=True):
    """A named set of permissions: ``/api/v2/roles``. One with an ``owner_id`` is for members of that organization."""

    id: str
    name: str
    description: str = ""
    permissions: tuple[Permission, ...] = ()
    owner_id: str | None = None
