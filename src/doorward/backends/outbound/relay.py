"""From the outbox to the courier: in every serving process, as soon as a message is there.

What goes wrong for now is tried again, later and later; what goes wrong for good, or too often, is an event ``fn``
of the tenant's log and the end of the message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from doorward.backends.outbound.sending import NotSent
from doorward.backends.storage.outbox import StoredOutbox, Taken
from doorward.model.digest import digest
from doorward.model.log_event import EVENT_TYPES, LogEvent
from doorward.model.message import Message
from doorward.ports import Attempts, Clock, StorageUnavailable, UnknownTenant

logger = logging.getLogger(__name__)

AT_A_TIME = 8
LEASE_SECONDS = 120.0
SEND_SECONDS = 60.0
POLL_SECONDS = 5.0
GRACE_SECONDS = 5.0
HOUR = 3600
# How long to wait before trying again, the first time, the second time ...
PAUSES = (10.0, 60.0, 300.0, 1800.0, 7200.0)

Deliver = Callable[[str, Message], Awaitable[None]]


class Relay:
    """``start`` and ``stop`` it with the server. ``per_address`` and ``per_tenant`` messages are sent in an hour;
    0 sets no limit."""

    def __init__(
        self,
        outbox: StoredOutbox,
        attempts: Attempts,
        clock: Clock,
        deliver: Deliver,
        *,
        per_address: int = 0,
        per_tenant: int = 0,
    ) -> None:
        self._outbox = outbox
        self._attempts = attempts
        self._clock = clock
        self._deliver = deliver
        self._per_address = per_address
        self._per_tenant = per_tenant
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        """Take nothing new, wait a few seconds for what is being sent; what then is not is sent by another process,
        or after the next start."""
        self._stopping = True
        self._outbox.filled.set()
        if self._task is None:
            return
        task, self._task = self._task, None
        done, _ = await asyncio.wait({task}, timeout=GRACE_SECONDS)
        if not done:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def send_due(self) -> int:
        """Try to send everything that is due; how many messages that were."""
        tried = 0
        while not self._stopping:
            taken = await self._outbox.take(until=self._clock.now() + LEASE_SECONDS, limit=AT_A_TIME)
            if not taken:
                break
            tried += len(taken)
            for result in await asyncio.gather(*map(self._settle, taken), return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result
        return tried

    async def _run(self) -> None:
        while not self._stopping:
            self._outbox.filled.clear()
            try:
                await self.send_due()
            except StorageUnavailable:
                logger.debug("the outbox cannot be read now")
            except Exception:  # what nobody foresaw is no reason never to send anything again
                logger.exception("the outbox was not emptied")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._outbox.filled.wait()

    async def _settle(self, taken: Taken) -> None:
        """Send one message, and write down what became of it."""
        try:
            await self._try(taken)
        except NotSent as error:
            pause = PAUSES[taken.attempts - 1] if taken.attempts <= len(PAUSES) else None
            if error.final or pause is None:
                events = (self._failed(taken.message, error.reason),) if taken.message is not None else ()
                if taken.message is None:
                    logger.error("%s of the tenant %s was dropped: %s", taken.id, taken.tenant, error.reason)
                await self._outbox.remove(taken, events=events)
            else:
                name = taken.message.template if taken.message is not None else taken.id
                logger.warning("%s was not sent, attempt %d: %s", name, taken.attempts, error.reason)
                await self._outbox.postpone(taken, self._clock.now() + pause)
        else:
            await self._outbox.remove(taken)

    async def _try(self, taken: Taken) -> None:
        """Raises ``NotSent``."""
        if taken.attempts > len(PAUSES) + 1:  # each ended with the process, perhaps because of it
            raise NotSent("trying to send it never came to an end", final=True)
        if taken.message is None:
            raise NotSent("the message cannot be read", final=False)
        if taken.attempts == 1:
            await self._count(taken.tenant, taken.message)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._deliver(taken.tenant, taken.message)
        except UnknownTenant:
            raise NotSent("there is no such tenant", final=False) from None
        except TimeoutError:
            raise NotSent("it took too long", final=False) from None
        except (NotSent, StorageUnavailable):
            raise
        except Exception as error:  # a fault of ours: the message may hold a secret, so nothing of it is told
            logger.error("sending %s failed: %s", taken.message.template, type(error).__name__)
            raise NotSent("it could not be sent", final=False) from None

    async def _count(self, tenant: str, message: Message) -> None:
        """Hold to the limits of this hour. Raises ``NotSent``."""
        now = self._clock.now()
        hour = int(now // HOUR)
        address = digest(f"{message.channel}|{message.to.casefold()}").hex()
        for limit, key in ((self._per_address, f"sent|{address}|{hour}"), (self._per_tenant, f"sent|{hour}")):
            if limit and await self._attempts.fail(tenant, key, at=now, window=2 * HOUR) > limit:
                raise NotSent(f"more than {limit} messages in an hour", final=True)

    def _failed(self, message: Message, reason: str) -> LogEvent:
        return LogEvent(
            type="fn",
            date=self._clock.now(),
            description=f"{EVENT_TYPES['fn']}: {reason}",
            user_id=message.user_id,
            client_id=message.client_id,
            connection=message.connection,
            details={"type": message.template, "channel": message.channel.value, "to": message.to, "error": reason},
        )
