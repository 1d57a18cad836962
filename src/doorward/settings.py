"""The settings of a production server: one TOML file and the environment, read once into a frozen value.

``load`` refuses what it does not know, what is incomplete and what would be unsafe, each with a
``SettingsError`` that says how to mend it. The environment wins over the file: ``server.port`` is
``DOORWARD_SERVER_PORT``, lists are separated by commas. ``DESCRIPTIONS`` says what every setting means;
the reference page and the command's help are made of it.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, get_origin, get_type_hints

import msgspec
from msgspec import Struct

Network = IPv4Network | IPv6Network

PREFIX = "DOORWARD_"
NOT_SETTINGS = ("DOORWARD_TEST_", "DOORWARD_CONFIG", "DOORWARD_BENCH_")
MORE = "reference/settings.md"
MAX_PORT = 65535
# OWASP's smallest argon2id parameters: memory times passes must not fall below this.
ARGON2_MEMORY_KIB = 7168
ARGON2_WORK = 7168 * 5


class SettingsError(Exception):
    """Settings nobody should start with: ``what`` is wrong, ``why``, the ``fix``, and the page to read ``more``."""

    def __init__(self, what: str, why: str, fix: str, more: str = MORE) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.more = what, why, fix, more


class DatabaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where everything is kept."""

    url: str = ""

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")


class KeySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The master key that signing keys and client secrets are sealed under."""

    master_key_file: str = ""
    master_key: str = ""


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sockets, processes, TLS, and which proxies to believe."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    port: int = 8443
    unix_socket: str = ""
    workers: int = 1
    trusted_proxies: tuple[str, ...] = ()
    certificate: str = ""
    certificate_key: str = ""
    drain_seconds: int = 25
    keep_alive_seconds: int = 75
    head_timeout: float = 10.0
    body_timeout: float = 10.0
    max_active_requests: int = 1024

    @property
    def proxies(self) -> tuple[Network, ...]:
        """``trusted_proxies`` as networks."""
        return tuple(ip_network(entry) for entry in self.trusted_proxies)

    @property
    def speaks_tls(self) -> bool:
        return bool(self.certificate)


class PasswordSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How new password hashes are made (argon2id, RFC 9106), and who knows which passwords leaked."""

    memory_kib: int = 19 * 1024
    iterations: int = 2
    threads: int = 0
    change_revokes_refresh_tokens: bool = False
    logins_per_minute: int = 10
    reset_asks_second_factor: bool = False
    breached_url: str = ""


class ManagementSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many requests a caller of the Management API may make."""

    requests_per_second: float = 0.0
    burst: int = 50


class JobSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Imports and exports of users."""

    max_import_bytes: int = 512_000
    folder: str = ""


class MailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's own way to send mail, for tenants without an e-mail provider: SMTP."""

    host: str = ""
    port: int = 587
    user: str = ""
    password: str = ""
    tls: Literal["auto", "starttls", "tls", "none"] = "auto"
    sender: str = ""

    def __repr__(self) -> str:
        return f"MailSettings({self.host!r}, {self.port})"


class MessageSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many mails, text messages and calls are sent in an hour, and by which ports of tenants' own SMTP servers."""

    per_address: int = 30
    per_tenant: int = 10_000
    smtp_ports: tuple[int, ...] = (25, 465, 587, 2525)


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class TenantLogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log of each tenant, which the Management API shows."""

    retention_days: int = 30


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything ``doorward serve`` can be told; each part is a table of the TOML file."""

    database: DatabaseSettings = DatabaseSettings()
    keys: KeySettings = KeySettings()
    server: ServerSettings = ServerSettings()
    passwords: PasswordSettings = PasswordSettings()
    management: ManagementSettings = ManagementSettings()
    jobs: JobSettings = JobSettings()
    mail: MailSettings = MailSettings()
    messages: MessageSettings = MessageSettings()
    log: LogSettings = LogSettings()
    tenant_log: TenantLogSettings = TenantLogSettings()


DESCRIPTIONS: Mapping[str, str] = {
    "database.url": "The database: `sqlite:////absolute/path/to/file`, or `postgresql://user:password@host/name`. "
    "Required.",
    "keys.master_key_file": "File with the master key that seals signing keys and client secrets at rest: 32 random "
    "bytes in base64, readable by its owner only. Required, unless the environment carries the key.",
    "keys.master_key": "The master key itself; only from the environment, never in the file.",
    "server.hosts": "Addresses to listen on. Anything but loopback needs a certificate or a trusted proxy.",
    "server.port": "TCP port for every address of `server.hosts`.",
    "server.unix_socket": "Path of a Unix socket to listen on instead; whoever may connect to it counts as a "
    "trusted proxy.",
    "server.workers": "Processes that serve; one per core is plenty.",
    "server.trusted_proxies": "Networks of the proxies whose X-Forwarded-For, X-Forwarded-Proto and "
    "X-Forwarded-Host headers are believed. From anybody else they are ignored.",
    "server.certificate": "PEM file with the certificate chain, for TLS without a proxy; a renewed file is used "
    "within a second.",
    "server.certificate_key": "PEM file with the private key, if it is not in `server.certificate`.",
    "server.drain_seconds": "Seconds that requests in progress get to finish after SIGTERM.",
    "server.keep_alive_seconds": "Seconds an idle connection is kept open; longer than the proxy keeps its own, or "
    "the proxy meets closed connections.",
    "server.head_timeout": "Seconds a request head may take to arrive.",
    "server.body_timeout": "Seconds within which a request body must make progress.",
    "server.max_active_requests": "Requests one process works on at a time; past it they are answered with 503 and "
    "Retry-After.",
    "passwords.memory_kib": "Memory of one argon2id hash, in KiB.",
    "passwords.iterations": "Passes of one argon2id hash.",
    "passwords.threads": "Threads that hash passwords; 0 takes one per core.",
    "passwords.change_revokes_refresh_tokens": "Whether a changed password revokes the person's refresh tokens too. "
    "As with Auth0 it ends the sessions only, unless this is `true`.",
    "passwords.logins_per_minute": "How often in a minute the password of one account may be tried from one address, "
    "right or wrong, after twice as many at once; more are answered with 429. Auth0 has this very limit. 0 sets none.",
    "passwords.reset_asks_second_factor": "Whether a forgotten password is replaced only after a second factor was "
    "proved, by people who have one. As with Auth0, where an Action can ask for it, the link in the mail is enough "
    "unless this is `true`.",
    "passwords.breached_url": "Where to ask whether a password leaked elsewhere, for tenants that turn on breached-"
    "password detection: a service that speaks the range protocol of Have I Been Pwned, such as "
    "`https://api.pwnedpasswords.com/range/`. It is told five hexadecimal digits of a digest, never a password. Left "
    "out, nobody is asked.",
    "management.requests_per_second": "Requests each client, or person, may make of the Management API of a tenant, "
    "tenant files and `explain` among them, counted by every process for itself; more are answered with 429 and "
    "Retry-After. 0 sets no limit.",
    "management.burst": "Requests it may make at once after a pause, where there is a limit.",
    "jobs.max_import_bytes": "How large the upload of a users import may be, in bytes. Auth0 takes 512000; a larger "
    "one takes no more memory, but as much room on the disk while it is read.",
    "jobs.folder": "Folder for exported users, which are kept for a day, and for uploads while they are read. It has "
    "to belong to the server's user alone; nodes that share a database should share it. Left out, it is beside an "
    "SQLite database, or in the folder for temporary files.",
    "mail.host": "SMTP server for the mail of tenants without an e-mail provider of their own; it may be in your own "
    "network. Left out, such tenants send none, and their log says so.",
    "mail.port": "Its port.",
    "mail.user": "Who to log in as there, if it wants to know.",
    "mail.password": "The password; better from the environment than in the file.",
    "mail.tls": "`tls` from the first byte, `starttls`, or `none`. `auto` is `tls` on port 465, and elsewhere STARTTLS "
    "where it is offered; no password is told without it.",
    "mail.sender": "Who this mail is from: `Example <no-reply@example.com>`. Needed with `mail.host`.",
    "messages.per_address": "Messages sent to one address or number in an hour; what is beyond is dropped, and an "
    "event `fn`. 0 sets no limit.",
    "messages.per_tenant": "Messages a tenant sends in an hour, in the same way.",
    "messages.smtp_ports": "Ports that tenants may name for an SMTP server of their own; this server connects to no "
    "other for them.",
    "log.level": "The least level that is logged: `debug`, `info`, `warning` or `error`.",
    "log.format": "`json`, one object per line, or `text`.",
    "tenant_log.retention_days": "Days that events of a tenant are kept, in whole days of UTC; 0 keeps them for ever. "
    "The daily statistics stay.",
}


def load(
    path: Path | None,
    environment: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
    *,
    serving: bool = True,
) -> Settings:
    """Settings from a TOML file (``None``: no file), then the environment, then ``overrides`` (the command
    line: dotted names to values).

    ``serving`` holds them to what a server needs; otherwise only database and keys are looked at.
    Raises ``SettingsError``.
    """
    document = {} if path is None else _read(path)
    for name, value in _from_environment(environment):
        _put(document, name, value)
    for name, value in (overrides or {}).items():
        _put(document, name, value)
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        raise _invalid(document, str(error)) from None
    for problem in _problems(settings, serving=serving):
        raise problem
    return settings


def kinds() -> dict[str, Any]:
    """Every setting by its dotted name, with its type, in the order of the file."""
    return {
        f"{table}.{name}": kind
        for table, struct in get_type_hints(Settings).items()
        for name, kind in get_type_hints(struct).items()
    }


def default(name: str) -> Any:
    """The default of a setting named with its dot."""
    table, _, field = name.partition(".")
    return getattr(getattr(Settings(), table), field)


def variable(name: str) -> str:
    """The environment variable of a setting named with its dot."""
    return PREFIX + name.replace(".", "_").upper()


# ── reading ────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except OSError as error:
        raise SettingsError(
            f"the settings file {path} cannot be read",
            error.strerror or type(error).__name__,
            "check the path and who may read it, or leave --config out and use the environment",
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not valid TOML", "it is not UTF-8", "save it as UTF-8") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML", str(error), "mend that line") from None
    _refuse_secrets(document, path, mode)
    return document


def _refuse_secrets(document: dict[str, Any], path: Path, mode: int) -> None:
    if "master_key" in _table(document, "keys"):
        raise SettingsError(
            "keys.master_key stands in the settings file",
            "whoever reads the file, or a backup of it, could read every secret of every tenant",
            f"set {variable('keys.master_key')} instead, or name a file of its own in keys.master_key_file",
        )
    url = _table(document, "database").get("url")
    carried = {
        "database": isinstance(url, str) and _carries_password(url),
        "mail": bool(_table(document, "mail").get("password")),
    }
    for whose in (name for name, carries in carried.items() if carries and mode & (stat.S_IRWXO | stat.S_IWGRP)):
        raise SettingsError(
            f"everybody on this machine can read the {whose} password in {path}",
            f"its mode is {stat.S_IMODE(mode):o}",
            f"chmod 640 {path}",
        )


def _carries_password(url: str) -> bool:
    authority = url.partition("://")[2].partition("/")[0]
    return ":" in authority.rpartition("@")[0]


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    known = {variable(name): (name, kind) for name, kind in kinds().items()}
    for key in sorted(environment):
        if not key.startswith(PREFIX) or key.startswith(NOT_SETTINGS):
            continue
        if key not in known:
            raise _unknown(f"the environment variable {key} is no setting", key, list(known))
        name, kind = known[key]
        try:
            yield name, _converted(environment[key].strip(), kind)
        except msgspec.ValidationError as error:
            why = _sentence(str(error))
            raise SettingsError(f"{key} cannot be used", why, f"{name}: {DESCRIPTIONS[name]}") from None


def _converted(text: str, kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return msgspec.convert([entry.strip() for entry in text.split(",") if entry.strip()], kind, strict=False)
    return msgspec.convert(text, kind, strict=False)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def _put(document: dict[str, Any], name: str, value: Any) -> None:
    table, _, key = name.partition(".")
    if not isinstance(document.get(table), dict):
        document[table] = {}
    document[table][key] = value


def _invalid(document: Mapping[str, Any], message: str) -> SettingsError:
    known = kinds()
    tables = {name.partition(".")[0] for name in known}
    for table, content in document.items():
        if table not in tables:
            # A setting without its table is the commonest slip: look among the bare names too.
            bare = {name.partition(".")[2]: name for name in known}
            meant = bare.get(table)
            if meant is not None:
                raise SettingsError(
                    f"the setting {table} stands outside its table",
                    f"it is called {meant}",
                    f"write it below [{meant.partition('.')[0]}]",
                )
            return _unknown(f"the table [{table}] is unknown", table, sorted(tables))
        for name in content if isinstance(content, dict) else ():
            if f"{table}.{name}" not in known:
                return _unknown(f"the setting {table}.{name} is unknown", f"{table}.{name}", list(known))
    sentence, _, place = message.partition(" - at `$.")
    name = place.removesuffix("`").replace("[...]", "")
    described = f"{name}: {DESCRIPTIONS[name]}" if name in DESCRIPTIONS else "write it as a table"
    return SettingsError(f"the setting {name or '?'} cannot be used", _sentence(sentence), described)


_KINDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list"}


def _sentence(text: str) -> str:
    found = re.fullmatch(r"Expected `(\w+)`, got `(\w+)`", text)
    if found is not None:
        wanted, given = (_KINDS.get(kind, kind) for kind in found.groups())
        return f"it has to be {wanted}, not {given}"
    return text.replace("Expected `", "it has to be ").replace("`, got `", ", not ").replace("`", "")


def _unknown(what: str, name: str, known: list[str]) -> SettingsError:
    import difflib  # only for a refusal

    near = difflib.get_close_matches(name, known, 1, 0.75)
    return SettingsError(
        what,
        "a mistyped setting would otherwise be without effect, and nobody would notice",
        f"did you mean {near[0]}?" if near else "remove it, or look its name up in the list of settings",
    )


# ── judging ────────────────────────────────────────────────────────────────────────────────────


def _problems(settings: Settings, *, serving: bool) -> Iterator[SettingsError]:
    """Every reason not to start, the most fundamental first."""
    yield from _database_problems(settings.database)
    yield from _key_problems(settings.keys)
    if serving:
        yield from _listening_problems(settings.server)
        yield from _server_problems(settings.server)
        yield from _password_problems(settings.passwords)
        if settings.management.requests_per_second < 0:
            yield _too_small("management.requests_per_second", "it must not be below zero")
        if settings.management.burst < 1:
            yield _too_small("management.burst")
        if settings.jobs.max_import_bytes <= 0:
            yield _too_small("jobs.max_import_bytes")
        yield from _breach_problems(settings.passwords)
        yield from _mail_problems(settings.mail)
        for name in ("per_address", "per_tenant"):
            if getattr(settings.messages, name) < 0:
                yield _too_small(f"messages.{name}", "it must not be below zero")
        for port in settings.messages.smtp_ports:
            if not 0 < port <= MAX_PORT:
                yield SettingsError(
                    f"messages.smtp_ports: {port} is no port",
                    "ports are 1 to 65535",
                    "messages.smtp_ports = [25, 465, 587]",
                )
        if settings.tenant_log.retention_days < 0:
            yield _too_small("tenant_log.retention_days", "it must not be below zero")


def _database_problems(database: DatabaseSettings) -> Iterator[SettingsError]:
    url = database.url
    if not url:
        yield SettingsError(
            "no database is named",
            "nothing could be kept",
            f"{variable('database.url')}=sqlite:////var/lib/doorward/doorward.sqlite, or database.url in the file",
        )
    elif not url.startswith(("sqlite:///", "postgresql://", "postgres://")) and url != "sqlite://":
        yield SettingsError(
            f"database.url names a database that cannot be used: {url.partition(':')[0]}",
            "SQLite and PostgreSQL are supported",
            "sqlite:////path/to/file or postgresql://user:password@host/name",
        )
    elif url.removeprefix("sqlite://") in ("", "/", "/:memory:"):
        yield SettingsError(
            "the database would live in memory",
            "everything would be gone when the process ends",
            "name a file: sqlite:////var/lib/doorward/doorward.sqlite",
        )


def _key_problems(keys: KeySettings) -> Iterator[SettingsError]:
    if not keys.master_key and not keys.master_key_file:
        yield SettingsError(
            "there is no master key",
            "signing keys and client secrets are sealed under it",
            "umask 077; openssl rand -base64 32 > master.key; "
            f"export {variable('keys.master_key_file')}=$PWD/master.key",
        )
    if keys.master_key and keys.master_key_file:
        yield SettingsError(
            "there are two master keys",
            "it is not clear under which one the database was sealed",
            f"keep either keys.master_key_file or {variable('keys.master_key')}",
        )


def _listening_problems(server: ServerSettings) -> Iterator[SettingsError]:
    for entry in server.trusted_proxies:
        try:
            network = ip_network(entry)
        except ValueError:
            yield SettingsError(
                f"server.trusted_proxies: {entry} is no network",
                "proxies are named by address, because only that cannot be claimed",
                "10.0.0.0/8 or 192.0.2.7, the bits behind the slash zero",
            )
            continue
        if network.prefixlen == 0:
            yield SettingsError(
                f"server.trusted_proxies trusts everybody ({entry})",
                "any caller could then choose its own address and host",
                "name the networks of your proxies only",
            )
    if server.unix_socket:
        return
    if not server.hosts:
        yield SettingsError("server.hosts is empty", "the server would not listen", "server.hosts = ['127.0.0.1']")
    for host in server.hosts:
        if not _is_address(host):
            yield SettingsError(
                f"server.hosts: {host} is no address",
                "a name could come to mean another address",
                "127.0.0.1, ::1, 0.0.0.0, :: or an address of this machine",
            )
    exposed = [host for host in server.hosts if not ip_address(host).is_loopback]
    if exposed and not server.speaks_tls and not server.trusted_proxies:
        yield SettingsError(
            f"plain HTTP would be spoken on {', '.join(exposed)}",
            "passwords and tokens would cross the network readable",
            "set server.certificate; or put a proxy with TLS in front and name its address in server.trusted_proxies",
            "how-to/run-in-production.md",
        )


def _server_problems(server: ServerSettings) -> Iterator[SettingsError]:
    if server.certificate_key and not server.certificate:
        yield SettingsError(
            "server.certificate_key has no certificate", "a key alone serves no TLS", "set server.certificate too"
        )
    for name in ("certificate", "certificate_key"):
        path = getattr(server, name)
        if path and not Path(path).is_file():
            yield SettingsError(f"server.{name}: there is no file {path}", "TLS needs it", "check the path")
    if not 0 <= server.port <= MAX_PORT:
        yield SettingsError(f"server.port: {server.port} is no port", "ports are 1 to 65535", "server.port = 8443")
    for name in (
        "workers",
        "drain_seconds",
        "keep_alive_seconds",
        "head_timeout",
        "body_timeout",
        "max_active_requests",
    ):
        if getattr(server, name) <= 0:
            yield _too_small(f"server.{name}")


def _password_problems(passwords: PasswordSettings) -> Iterator[SettingsError]:
    work = passwords.memory_kib * passwords.iterations
    if passwords.iterations < 1 or passwords.memory_kib < ARGON2_MEMORY_KIB or work < ARGON2_WORK:
        yield SettingsError(
            "password hashes would be too weak",
            f"argon2id with {passwords.memory_kib} KiB and {passwords.iterations} passes is cheap to try out",
            "leave passwords.memory_kib and passwords.iterations out, or take 47104 and 1, 12288 and 3, 9216 and 4",
        )
    for name in ("threads", "logins_per_minute"):
        if getattr(passwords, name) < 0:
            yield _too_small(f"passwords.{name}", "it must not be below zero")


def _breach_problems(passwords: PasswordSettings) -> Iterator[SettingsError]:
    if passwords.breached_url and not passwords.breached_url.startswith("https://"):
        yield SettingsError(
            "passwords.breached_url is no https URL",
            "somebody on the way could say that nothing ever leaked",
            'passwords.breached_url = "https://api.pwnedpasswords.com/range/"',
        )


def _mail_problems(mail: MailSettings) -> Iterator[SettingsError]:
    if mail.host and "@" not in mail.sender:
        yield SettingsError(
            "mail.sender is no address" if mail.sender else "mail.sender is missing",
            "every mail says who it is from",
            'mail.sender = "Example <no-reply@example.com>"',
        )
    if not mail.host and (mail.sender or mail.user or mail.password):
        yield SettingsError(
            "mail.host is missing", "the other settings of mail say nothing without it", "set mail.host"
        )
    if not 0 < mail.port <= MAX_PORT:
        yield SettingsError(f"mail.port: {mail.port} is no port", "ports are 1 to 65535", "mail.port = 587")
    if mail.tls == "none" and mail.password:
        yield SettingsError(
            "the mail password would cross the network readable",
            'mail.tls is "none"',
            'leave mail.tls out, or set it to "starttls" or "tls"',
        )


def _too_small(name: str, why: str = "it has to be above zero") -> SettingsError:
    return SettingsError(f"{name} is too small", why, f"{name}: {DESCRIPTIONS[name]}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
