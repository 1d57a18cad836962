"""An SMTP server on loopback that keeps what it is sent, and refuses what a test has it refuse."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class SmtpSink:
    """``mails`` are those it took: envelope sender, recipient, message. ``refuse`` has a command (``RCPT``) answered
    with a line instead; ``login`` demands user and password; ``tls`` offers STARTTLS, or is spoken from the first
    byte where it is ``implicit``."""

    def __init__(
        self,
        *,
        refuse: dict[str, str] | None = None,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.refuse = refuse or {}
        self.login = login
        self.tls = tls
        self.implicit = implicit
        self.port = 0
        self.mails: list[tuple[str, str, EmailMessage]] = []
        self.commands: list[str] = []
        self.encrypted: list[bool] = []

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[SmtpSink]:
        context = self.tls if self.implicit else None
        server = await asyncio.start_server(self._meet, "127.0.0.1", port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # who does not trust us leaves
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted, known, sender, recipient = self.implicit, self.login is None, "", ""

        async def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()

        await say("220 sink")
        while line := (await reader.readline()).decode().strip():
            command, _, rest = line.partition(" ")
            command = command.upper()
            self.commands.append(command)
            if command in self.refuse:
                await say(self.refuse[command])
            elif command == "EHLO":
                offers = ["STARTTLS"] if self.tls and not encrypted else []
                offers += ["AUTH PLAIN"] if self.login else []
                names = ["sink", *offers, "8BITMIME"]
                await say(*(f"250-{name}" for name in names[:-1]), f"250 {names[-1]}")
            elif command == "STARTTLS" and self.tls:
                await say("220 go on")
                await writer.start_tls(self.tls)
                encrypted = True
            elif command == "AUTH":
                told = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
                known = tuple(told) == self.login
                await say("235 in" if known else "535 no")
            elif not known and command in ("MAIL", "RCPT", "DATA"):
                await say("530 sign in")
            elif command == "MAIL":
                sender = rest.partition("<")[2].partition(">")[0]
                await say("250 ok")
            elif command == "RCPT":
                recipient = rest.partition("<")[2].partition(">")[0]
                await say("250 ok")
            elif command == "DATA":
                await say("354 go on")
                data = await reader.readuntil(b"\r\n.\r\n")
                message: Any = message_from_bytes(data[:-3], policy=policy.default)
                self.mails.append((sender, recipient, message))
                self.encrypted.append(encrypted)
                await say("250 taken")
            elif command == "QUIT":
                await say("221 bye")
                break
            else:
                await say("502 what?")
