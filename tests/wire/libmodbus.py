"""Debian's libmodbus (it comes with mbpoll) as a master: `with Master.rtu(path, 9600) as master: master.read(...)`."""

import ctypes
from collections.abc import Sequence
from ctypes.util import find_library
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drivers.product import Table

PARITY = {"none": b"N", "even": b"E", "odd": b"O"}
_READ = {
    "coil": ("modbus_read_bits", ctypes.c_uint8),
    "discrete": ("modbus_read_input_bits", ctypes.c_uint8),
    "holding": ("modbus_read_registers", ctypes.c_uint16),
    "input": ("modbus_read_input_registers", ctypes.c_uint16),
}


def library() -> ctypes.CDLL:
    """libmodbus 3.1; OSError if it is not there."""
    found = ctypes.CDLL(find_library("modbus") or "libmodbus.so.5", use_errno=True)
    found.modbus_new_rtu.restype = found.modbus_new_tcp.restype = ctypes.c_void_p
    found.modbus_new_rtu.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char, ctypes.c_int, ctypes.c_int]
    found.modbus_strerror.restype = ctypes.c_char_p
    return found


class Master:
    """One connection. Its calls block: run it in a thread beside a virtual farm."""

    def __init__(self, library: ctypes.CDLL, context: Any, deadline_s: float) -> None:
        self._library = library
        self._context = ctypes.c_void_p(context)
        seconds = int(deadline_s)
        self._checked("modbus_set_response_timeout", seconds, int((deadline_s - seconds) * 1e6))

    @classmethod
    def rtu(cls, port: Path, baud: int, parity: str = "none", stop_bits: int = 1, deadline_s: float = 2.0) -> Self:
        lib = library()
        return cls(lib, lib.modbus_new_rtu(str(port).encode(), baud, PARITY[parity], 8, stop_bits), deadline_s)

    @classmethod
    def tcp(cls, port: int, deadline_s: float = 2.0) -> Self:
        lib = library()
        return cls(lib, lib.modbus_new_tcp(b"127.0.0.1", port), deadline_s)

    def __enter__(self) -> Self:
        self._checked("modbus_connect")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._library.modbus_close(self._context)
        self._library.modbus_free(self._context)

    def read(self, unit: int, table: Table, address: int, count: int) -> tuple[int, ...]:
        """Words or bits. OSError with libmodbus's own words for an exception or silence."""
        name, of = _READ[table]
        values = (of * count)()
        self._checked("modbus_set_slave", unit)
        self._checked(name, address, count, values)
        return tuple(values)

    def write(self, unit: int, table: Table, address: int, values: Sequence[int]) -> None:
        """FC05 and FC06 for one, FC15 and FC16 for several."""
        self._checked("modbus_set_slave", unit)
        if len(values) == 1:
            one = "modbus_write_bit" if table == "coil" else "modbus_write_register"
            self._checked(one, address, values[0])
            return
        of = ctypes.c_uint8 if table == "coil" else ctypes.c_uint16
        several = "modbus_write_bits" if table == "coil" else "modbus_write_registers"
        self._checked(several, address, len(values), (of * len(values))(*values))

    def _checked(self, function: str, *arguments: Any) -> None:
        if getattr(self._library, function)(self._context, *arguments) < 0:
            number = ctypes.get_errno()
            raise OSError(number, self._library.modbus_strerror(number).decode())
