"""Mails that tell somebody what was done to their account, so that they learn of it if it was somebody else."""

from __future__ import annotations

from doorward.identity.tickets import is_sent
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import normalise_email
from doorward.model.message import Message
from doorward.model.user import User

# The second is of no name a tenant could write a template for, or switch off.
PASSWORD_CHANGED, EMAIL_CHANGED = "password_reset", "email_changed"


def password_changed(directory: TenantDirectory, user: User, place: int) -> tuple[Message, ...]:
    """What is said when the password of the identity at ``place`` is another one, unless the tenant does not want it
    said."""
    email = user.profile_of(place).get("email")
    if not email or not is_sent(directory, PASSWORD_CHANGED):
        return ()
    return (Message(template=PASSWORD_CHANGED, to=email, user_id=user.user_id, connection=user.connections[place]),)


def email_changed(before: User, after: User, place: int) -> tuple[Message, ...]:
    """What is said to the address that was that of the identity at ``place``, if somebody had shown it to be theirs."""
    profile = before.profile_of(place)
    old, new = profile.get("email") or "", after.profile_of(place).get("email") or ""
    if not profile.get("email_verified") or normalise_email(old) == normalise_email(new):
        return ()
    return (Message(template=EMAIL_CHANGED, to=old, user_id=after.user_id, connection=after.connections[place]),)
