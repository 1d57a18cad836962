"""The forms of identifiers, and how what a person types is normalised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from ipaddress import ip_network
from typing import Protocol
from uuid import UUID

SEPARATOR = "\x1f"
ATTEMPTS = f"brute{SEPARATOR}"  # how every brute-force counter begins
ANYWHERE = ""
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PHONE = re.compile(r"\+[0-9 ()./-]+")
# What stands for what, by its category; NFKC sees to spaces.
_MEANT: dict[str, Callable[[str], str]] = {
    "Nd": lambda digit: str(unicodedata.decimal(digit)),
    "Pd": lambda dash: "-",
    "Cf": lambda mark: "",
}


class _Entropy(Protocol):
    def alphanumeric(self, length: int) -> str: ...

    def hexadecimal(self, length: int) -> str: ...

    def token(self, nbytes: int = 32) -> str: ...


def new_client_id(entropy: _Entropy, *, strict_third_party: bool = False) -> str:
    return f"tpc_{entropy.alphanumeric(22)}" if strict_third_party else entropy.alphanumeric(32)


def new_client_secret(entropy: _Entropy) -> str:
    return entropy.token(48)


def new_id(entropy: _Entropy, prefix: str) -> str:
    """``con_``, ``rol_``, ``cgr_``, ``cd_`` and the like: the prefix and 16 characters."""
    return prefix + entropy.alphanumeric(16)


def new_base58_id(entropy: _Entropy, prefix: str) -> str:
    """``ac_``, ``af_``, ``ssp_``, ``uap_`` and the like: the prefix and 128 bits as 22 characters of base 58."""
    number, digits = int(entropy.hexadecimal(32), 16), ""
    for _ in range(22):
        number, digit = divmod(number, 58)
        digits += BASE58[digit]
    return prefix + digits


def new_ticket_value(entropy: _Entropy) -> str:
    """What a link of a ticket or an invitation carries: 32 characters."""
    return entropy.alphanumeric(32)


def new_uuid(entropy: _Entropy) -> str:
    """A random UUID (version 4): actions and what belongs to them."""
    return str(UUID(hex=entropy.hexadecimal(32), version=4))


def new_object_id(entropy: _Entropy) -> str:
    """24 hexadecimal digits: APIs, the local part of database users, consent grants."""
    return entropy.hexadecimal(24)


EMAIL_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,255}")


def normalise_email(value: str) -> str:
    """Trimmed, NFKC and case-folded; nothing clever with dots or plus signs."""
    return unicodedata.normalize("NFKC", value.strip()).casefold()


# Scripts with letters that look like those of another one of them.
_ALIKE = frozenset(("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"))


def is_look_alike(email: str) -> bool:
    """Whether an e-mail address can be taken for another one: the local part, or a label of the domain, has letters of
    two scripts that look alike (Unicode Technical Standard 39, section 5.1)."""
    if email.isascii():
        return False
    local, _, domain = unicodedata.normalize("NFKC", email).rpartition("@")
    scripts = (
        {unicodedata.name(c, "").partition(" ")[0] for c in part} & _ALIKE for part in (local, *domain.split("."))
    )
    return any(len(found) > 1 for found in scripts)


def normalise_username(value: str) -> str:
    return unicodedata.normalize("NFKC", value.strip()).casefold()


def plain(typed: str) -> str:
    """Numbers and codes as they are meant: digits of any script as 0-9, any dash as ``-``, any space as a space, and
    none of the invisible marks that address books put around a number."""
    return "".join(_MEANT.get(unicodedata.category(c), str)(c) for c in unicodedata.normalize("NFKC", typed))


def is_phone(value: str) -> bool:
    """Whether somebody typed an international telephone number: a plus, digits, and what is put between them."""
    return _PHONE.fullmatch(plain(value).strip()) is not None


def kind_of(typed: str) -> str:
    """What somebody typed, by what it looks like: ``email``, ``phone_number`` or ``username``."""
    return "email" if "@" in typed else "phone_number" if is_phone(typed) else "username"


def normalise_phone(value: str) -> str:
    return "".join(c for c in plain(value) if c.isdigit() or c == "+")


def _same_person(identifier: str) -> str:
    """What finds the same person is the same identifier, however it is spelt."""
    return normalise_phone(identifier) if is_phone(identifier) else normalise_email(identifier)


def attempt_prefix(connection: str, identifier: str) -> str:
    """How the brute-force counters of one identifier in one connection begin, whatever the address."""
    normalised = _same_person(identifier)
    return ATTEMPTS + "".join(part.replace(SEPARATOR, " ") + SEPARATOR for part in (connection, normalised))


def attempt_key(connection: str, identifier: str, ip: str) -> str:
    """The brute-force counter of one identifier from one address; of IPv6, the whole /64 a subscriber has.

    It ends in a separator, so that no key is the beginning of another.
    """
    return f"{attempt_prefix(connection, identifier)}{_subscriber(ip)}{SEPARATOR}"


def reset_key(connection: str, identifier: str, ip: str) -> str:
    """The counter of those who say that they forgot the password of an account, from one address."""
    return "reset" + attempt_key(connection, identifier, ip)


def login_key(connection: str, identifier: str, ip: str) -> str:
    """The counter of logins of one account from one address, right and wrong ones."""
    return "logins" + attempt_key(connection, identifier, ip)


def address_key(what: str, ip: str) -> str:
    """The counter of ``what`` one address does, whoever it is about."""
    return f"{what}{attempt_suffix(ip)}"


def identifier_key(what: str, identifier: str) -> str:
    """The counter of ``what`` is done about one identifier, wherever it comes from."""
    return f"{what}{SEPARATOR}{SEPARATOR}{_same_person(identifier).replace(SEPARATOR, ' ')}{SEPARATOR}"


def sending_keys(connection: str, identifier: str, ip: str) -> tuple[str, ...]:
    """What counts how much is sent to an address as one place asks for it, of that what nobody else can use up, to it
    in all, to it whoever asks and whatever is left to them, as that place asks for it in all, and in all."""
    return (
        "sent" + attempt_key(connection, identifier, ip),
        "sent first" + attempt_key(connection, identifier, ip),
        "sent" + attempt_key(connection, identifier, ANYWHERE),
        "sent at most" + attempt_key(connection, identifier, ANYWHERE),
        f"sent{SEPARATOR}{_subscriber(ip)}{SEPARATOR}",
        f"sent{SEPARATOR}{SEPARATOR}",
    )


def attempt_address(key: str) -> str:
    """The address a counter is for."""
    return key.split(SEPARATOR)[-2]


def root_attempt_key(ip: str, window: int) -> str:
    """The counter of failures with the root credential from one address, in one window of time."""
    return f"root{SEPARATOR}{_subscriber(ip)}{SEPARATOR}{window}{SEPARATOR}"


def _subscriber(ip: str) -> str:
    if ":" not in ip:
        return ip
    try:
        return str(ip_network(f"{ip.partition('%')[0]}/64", strict=False).network_address)
    except ValueError:
        return ip


def attempt_suffix(ip: str) -> str:
    """How the brute-force counters of an address end, whatever the connection and the identifier."""
    return f"{SEPARATOR}{_subscriber(ip)}{SEPARATOR}"
