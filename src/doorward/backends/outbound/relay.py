"""From the outbox to whoever brings its messages: in every serving process, as soon as something is there.

What goes wrong for now is tried again, later and later; what goes wrong for good, or too often, is an event of the
tenant's log and the end of the message. A tenant has a few of its messages under way at a time, in the order they
came: one whose server is slow, or says nothing, holds up its own. Each type of message has a relay of its own, so that
none waits for another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from doorward.backends.outbound.sending import NotSent
from doorward.backends.storage.outbox import AnyMessage, StoredOutbox, Taken
from doorward.model.log_event import LogEvent
from doorward.ports import Clock, StorageUnavailable, UnknownTenant

logger = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
SEND_SECONDS = 60.0
POLL_SECONDS = 5.0
GRACE_SECONDS = 5.0

M = TypeVar("M", bound=AnyMessage)


class Carrier(Protocol[M]):
    """Who brings messages of one type."""

    @property
    def carries(self) -> type[M]: ...

    @property
    def at_a_time(self) -> int: ...

    @property
    def of_a_tenant(self) -> int:
        """How many of those may be of one tenant."""

    @property
    def pauses(self) -> Sequence[float]:
        """How long to wait before trying again, the first time, the second time ... (seconds)."""

    def name(self, message: M) -> str:
        """What the server's log calls it."""

    async def admit(self, tenant: str, message: M) -> None:
        """Hold to limits, before it is tried for the first time. Raises ``NotSent``."""

    async def deliver(self, tenant: str, message: M) -> Sequence[LogEvent]:
        """Bring it; what the tenant's log is to say of that. Raises ``NotSent``."""

    def failed(self, tenant: str, message: M, error: NotSent) -> LogEvent | None:
        """What the tenant's log is to say when nobody tries any more."""


class Relay:
    """``start`` and ``stop`` it with the server."""

    def __init__(self, outbox: StoredOutbox, clock: Clock, carrier: Carrier[Any]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._carrier = carrier
        self._filled = outbox.filled[carrier.carries]
        self._task: asyncio.Task[None] | None = None
        self._sending: dict[asyncio.Task[None], str] = {}  # the tenant of each
        self._stopping = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        """Take nothing new, wait a few seconds for what is being sent; what then is not is sent by another process,
        or after the next start."""
        self._stopping = True
        self._filled.set()
        if self._task is None:
            return
        task, self._task = self._task, None
        await asyncio.wait({task, *self._sending}, timeout=GRACE_SECONDS)
        late = [task, *self._sending]
        for one in late:
            one.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def send_due(self) -> int:
        """Try to send everything that is due; how many messages that were."""
        tried = 0
        while True:
            self._filled.clear()
            tried += await self._begin()
            if not self._sending:
                return tried
            await self._something_changes()

    async def _begin(self) -> int:
        """Begin with what is due, as far as there is room; how many messages that were."""
        carrier, begun = self._carrier, 0
        while not self._stopping and (room := carrier.at_a_time - len(self._sending)) > 0:
            under_way = Counter(self._sending.values())
            full = [tenant for tenant, count in under_way.items() if count >= carrier.of_a_tenant]
            until = self._clock.now() + LEASE_SECONDS
            taken = await self._outbox.take(carrier.carries, until=until, limit=room, each=1, without=full)
            if not taken:
                break
            for one in taken:
                self._sending[asyncio.create_task(self._settle(one), name="message")] = one.tenant
            begun += len(taken)
        return begun

    async def _something_changes(self) -> None:
        """Wait for an end, or for something new. Raises what ended a task that was to tell how it ended."""
        news = asyncio.create_task(self._filled.wait())
        try:
            await asyncio.wait({news, *self._sending}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
        for task in [task for task in self._sending if task.done()]:
            del self._sending[task]
            task.result()

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self.send_due()
            except StorageUnavailable:
                logger.debug("the outbox cannot be read now")
            except Exception:  # what nobody foresaw is no reason never to send anything again
                logger.exception("the outbox was not emptied")
            if not self._stopping:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._filled.wait()

    async def _settle(self, taken: Taken[Any]) -> None:
        """Send one message, and write down what became of it."""
        pauses, message = self._carrier.pauses, taken.message
        try:
            events = await self._try(taken)
        except NotSent as error:
            pause = pauses[taken.attempts - 1] if taken.attempts <= len(pauses) else None
            if error.final or pause is None:
                event = self._carrier.failed(taken.tenant, message, error) if message is not None else None
                events = (event,) if event is not None else ()
                if message is None:
                    logger.error("%s of the tenant %s was dropped: %s", taken.id, taken.tenant, error.reason)
                await self._outbox.remove(taken, events=events)
            else:
                name = self._carrier.name(message) if message is not None else taken.id
                logger.warning("%s was not sent, attempt %d: %s", name, taken.attempts, error.reason)
                await self._outbox.postpone(taken, self._clock.now() + pause)
        else:
            await self._outbox.remove(taken, events=events)

    async def _try(self, taken: Taken[Any]) -> Sequence[LogEvent]:
        """Raises ``NotSent``."""
        message = taken.message
        if taken.attempts > len(self._carrier.pauses) + 1:  # each ended with the process, perhaps because of it
            raise NotSent("trying to send it never came to an end", final=True)
        if message is None:
            raise NotSent("the message cannot be read", final=False)
        try:
            if taken.attempts == 1:
                await self._carrier.admit(taken.tenant, message)
            async with asyncio.timeout(SEND_SECONDS):
                return await self._carrier.deliver(taken.tenant, message)
        except UnknownTenant:
            raise NotSent("there is no such tenant", final=False) from None
        except TimeoutError:
            raise NotSent("it took too long", final=False) from None
        except (NotSent, StorageUnavailable):
            raise
        except Exception as error:  # a fault of ours: the message may hold a secret, so nothing of it is told
            logger.error("sending %s failed: %s", self._carrier.name(message), type(error).__name__)
            raise NotSent("it could not be sent", final=False) from None


class Works(Protocol):
    """What works through what is due, beside the requests."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send_due(self) -> int: ...


class Relays:
    """The relays of a server, together with what else is done beside its requests."""

    def __init__(self, relays: Sequence[Works]) -> None:
        self._relays = relays

    async def start(self) -> None:
        for relay in self._relays:
            await relay.start()

    async def stop(self) -> None:
        await asyncio.gather(*(relay.stop() for relay in self._relays))

    async def send_due(self) -> int:
        """Try to do everything that is due; how many messages and files that were."""
        return sum([await relay.send_due() for relay in self._relays])
