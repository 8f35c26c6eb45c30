"""A device's own communication watchdog: what it is set to, what it falls to, and how a trip is cleared."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import floor

from drivers.codec import Block, Request, Write, encode, read_request, words_of, write_request
from drivers.driver import DeviceSettings
from drivers.modbus_line import WireError
from drivers.product import Product, Table
from foundation.clock import process_time
from foundation.reading import Reason, Value

AGAIN_S = 600.0
"""Process time after which the registers are read again, though the device was never away."""
Ask = Callable[[Request], Awaitable[bytes]]
"""Brings the PDU of the reply; raises WireError."""


class Watchdog:
    """The watchdog of one device, or none: then everything here is quickly done."""

    def __init__(
        self,
        settings: DeviceSettings,
        product: Product,
        safe: Mapping[str, Value],
        ask: Ask,
        note: Callable[[str], None],
    ) -> None:
        self.state = "none" if product.watchdog is None or settings.watchdog_s is None else "not set"
        """For people: `none`, `not set`, `refused`, its time (`20 s`), or `by its tool` where no register tells."""
        self.looked_s = 0.0
        """Process time at which it was last looked at."""
        self._settings = settings
        self._product = product
        self._safe = safe
        self._ask = ask
        self._note = note

    async def set(self) -> None:
        """Write safe values and time, switch it on, clear a trip, and read all back; `state` says how that went.

        Registers are written only where they differ: they may wear out. Raises WireError if it does not answer.
        """
        watchdog, wanted_s = self._product.watchdog, self._settings.watchdog_s
        if watchdog is None or wanted_s is None:
            return
        # rounded down: it may end early, never late
        counts = min(max(floor(wanted_s / watchdog.unit_s + 1e-9), 1), watchdog.maximum)
        try:
            agreed = True
            self.looked_s = process_time()
            if watchdog.safe_coils is not None:
                agreed &= await self._ensure("coil", watchdog.safe_coils, self._falls_to("coil"))
            if watchdog.safe_holding is not None:
                agreed &= await self._ensure("holding", watchdog.safe_holding, self._falls_to("holding"))
            if watchdog.address is not None:
                agreed &= await self._ensure(watchdog.table, watchdog.address, [counts])
            if watchdog.enable is not None:
                table, address, value = watchdog.enable
                agreed &= await self._ensure(table, address, [value])
            await self.clear_trip()
        except WireError as error:
            if not error.is_exception:
                raise
            agreed = False
        seen = f"{counts * watchdog.unit_s:g} s" if watchdog.address is not None else "by its tool"
        self.state = seen if agreed else "refused"
        if not agreed:
            self._note("watchdog")

    @property
    def is_due(self) -> bool:
        """Whether it is to be looked at again: it may have been set otherwise, or forgotten without its power."""
        return self.state != "none" and process_time() - self.looked_s > AGAIN_S

    async def clear_trip(self) -> bool:
        """Clear it if it has tripped; True if it had and is cleared. Raises WireError."""
        watchdog = self._product.watchdog
        if watchdog is None or watchdog.status is None or watchdog.clear is None:
            return False
        status = Block(*watchdog.status, 1, ())
        if not (await self._read(status))[0]:
            return False
        self._note("watchdog_trip")
        table, address, value = watchdog.clear
        await self._write(Block(table, address, 1, ()), (value,))
        return not (await self._read(status))[0]

    def _falls_to(self, table: Table) -> list[int | None]:
        """The safe words of the outputs in a table in order of address, None where nobody said."""
        outputs = sorted(
            (channel.address or 0, name)
            for name, channel in self._product.channels.items()
            if channel.table == table and channel.access != "read"
        )
        words: list[int | None] = []
        for _, name in outputs:
            safe = self._safe.get(self._settings.tags.get(name, ""))
            encoded = Reason.NEVER_SEEN if safe is None else encode(self._product.channels[name], safe)
            words.append(None if isinstance(encoded, Reason) else encoded[0])
        return words

    async def _ensure(self, table: Table, address: int, words: Sequence[int | None]) -> bool:
        """Bring neighbours to `words` (None: as it is), writing only if they differ. False if they do not take it."""
        if all(word is None for word in words):
            return True
        block = Block(table, address, len(words), ())
        now = tuple(await self._read(block))
        wanted = tuple(old if new is None else new for old, new in zip(now, words, strict=True))
        if now == wanted:
            return True
        await self._write(block, wanted)
        return tuple(await self._read(block)) == wanted

    async def _read(self, block: Block) -> Sequence[int]:
        return words_of(block, await self._ask(read_request(block)))

    async def _write(self, block: Block, words: tuple[int, ...]) -> None:
        await self._ask(write_request(Write(block, words, 0xFF00)))
