"""Any fsspec filesystem with faults: what a network, a disk or a server does wrong, on request.

    fs = FaultyFileSystem(MemoryFileSystem(), Fault(RaiseAfter(ConnectionResetError), call="mv", nth=2))
    report = Syncer(folder, fs, dst_path="/docs", state=None).push()

The second rename takes place, and its caller is told that the connection broke. Everything else works as
without the wrapper, which uses nothing but fsspec's own interface.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from fsspec import AbstractFileSystem

__all__ = [
    "BreakAfter",
    "Delay",
    "Fault",
    "FaultyFileSystem",
    "FlipBit",
    "Mishap",
    "RaiseAfter",
    "RaiseBefore",
    "Repeat",
    "ShortRead",
    "ShortWrite",
]

Problem = BaseException | type[BaseException]


@dataclass(frozen=True, slots=True)
class RaiseBefore:
    """Fail; the filesystem never hears of the call."""

    error: Problem


@dataclass(frozen=True, slots=True)
class RaiseAfter:
    """Do it, then fail: the lost acknowledgement. A written file fails as it is closed."""

    error: Problem


@dataclass(frozen=True, slots=True)
class BreakAfter:
    """Fail in the middle of a file that is read or written, after so many bytes."""

    size_bytes: int
    error: Problem


@dataclass(frozen=True, slots=True)
class ShortRead:
    """A file that is read ends after so many bytes, without a word."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class ShortWrite:
    """Of a file that is written only so many bytes are kept, without a word."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class FlipBit:
    """Of a file that is read the lowest bit of the byte at this position is another one."""

    position: int


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, then do it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """Do it twice, as a network does that delivers a request twice; the second result counts.

    Of a file that is opened the second handle is given, and the first is left open.
    """


Mishap = RaiseBefore | RaiseAfter | BreakAfter | ShortRead | ShortWrite | FlipBit | Delay | Repeat


@dataclass
class Fault:
    """Which mishap happens to which call.

    Attributes:
        mishap: What happens.
        call: Only to this method of the filesystem: `ls`, `info`, `open`, `cat_file`, `pipe_file`, `mv`,
            `cp_file`, `rm_file`, `mkdir`, ...; None: any.
        path: Only where the path, as it was given, matches this pattern (`*` matches slashes too). Of calls
            with two paths the first counts.
        nth: To the first, second, ... matching call, counted from 1.
        every: From the `nth` on to all of them.
        seen: How many calls matched so far.
        fired: How often it happened so far.
    """

    mishap: Mishap
    call: str | None = None
    path: str = "*"
    nth: int = 1
    every: bool = False
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    def is_due(self, call: str, path: str) -> bool:
        """Count a call; whether it is one to which this happens."""
        if self.call not in (None, call) or not fnmatchcase(path, self.path):
            return False
        self.seen += 1
        is_due = self.seen >= self.nth if self.every else self.seen == self.nth
        self.fired += is_due
        return is_due


_PASSED = (
    *(
        "ls",
        "info",
        "exists",
        "isdir",
        "isfile",
        "mkdir",
        "makedirs",
        "rmdir",
        "rm",
        "rm_file",
        "mv",
        "cp_file",
    ),
    *("cat_file", "pipe_file", "get_file", "put_file", "touch", "created", "modified", "checksum"),
)
"""What is passed on to the inner filesystem; all else is fsspec's own, made of these."""


class FaultyFileSystem(AbstractFileSystem):
    """A filesystem between its user and another one.

    Attributes:
        inner: The other one.
        faults: In force now; where several would happen to one call, the first does.
        calls: `(method, path)` of every call so far, in order.

    Args:
        inner: Any synchronous fsspec filesystem.
        faults: What goes wrong.
    """

    cachable = False

    def __init__(self, inner: AbstractFileSystem, *faults: Fault) -> None:
        super().__init__()
        self.inner = inner
        self.faults = list(faults)
        self.calls: list[tuple[str, str]] = []
        self.protocol = inner.protocol
        self.root_marker = inner.root_marker
        self._guard = threading.Lock()
        # What the inner one has not got must not seem to be there: users look at the class.
        absent = {
            name: getattr(AbstractFileSystem, name)
            for name in ("mv", "rmdir")
            if getattr(type(inner), name) is getattr(AbstractFileSystem, name)
        }
        if absent:
            self.__class__ = type(type(self).__name__, (type(self),), absent)

    @property
    def storage_options(self) -> dict[str, Any]:
        """Those of the inner filesystem: they name the place."""
        options: dict[str, Any] = self.inner.storage_options
        return options

    @storage_options.setter
    def storage_options(self, _value: object) -> None:
        """Of no interest; fsspec's constructor sets them."""

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # not there yet
            raise AttributeError(name)
        return getattr(self.inner, name)

    def _strip_protocol(self, path: Any) -> Any:
        return self.inner._strip_protocol(path)

    def _parent(self, path: str) -> str:
        parent: str = self.inner._parent(path)
        return parent

    def invalidate_cache(self, path: str | None = None) -> None:
        """Pass it on; never disturbed."""
        self.inner.invalidate_cache(path)

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file; what happens to it may happen later, as it is read, written or closed."""
        fault = self._fault("open", path)
        mishap = fault.mishap if fault else None
        if isinstance(mishap, RaiseAfter) and "r" not in mode:
            mishap_of_file: Mishap | None = mishap
        else:
            mishap_of_file = (
                mishap if isinstance(mishap, BreakAfter | ShortRead | ShortWrite | FlipBit) else None
            )
        file = self._act(None if mishap_of_file else mishap, lambda: self.inner.open(path, mode, **options))
        return file if mishap_of_file is None else _FaultyFile(file, mishap_of_file)

    def _fault(self, call: str, path: str) -> Fault | None:
        with self._guard:
            self.calls.append((call, path))
            due = [fault for fault in self.faults if fault.is_due(call, path)]
            for spared in due[1:]:
                spared.fired -= 1
        return due[0] if due else None

    def _act(self, mishap: Mishap | None, act: Callable[[], Any]) -> Any:
        match mishap:
            case RaiseBefore(error):
                raise error
            case RaiseAfter(error):
                act()
                raise error
            case Delay(seconds):
                time.sleep(seconds)
            case Repeat():
                act()
        return act()

    def _pass(self, call: str, path: Any, *args: Any, **options: Any) -> Any:
        fault = self._fault(call, str(path))
        mishap = fault.mishap if fault else None
        if call == "pipe_file" and isinstance(mishap, ShortWrite | BreakAfter):
            value, *rest = args
            args = (value[: mishap.size_bytes], *rest)
        result = self._act(mishap, lambda: getattr(self.inner, call)(path, *args, **options))
        match mishap:
            case BreakAfter(error=error) if call in ("cat_file", "pipe_file"):
                raise error
            case ShortRead(size_bytes) if call == "cat_file":
                return result[:size_bytes]
            case FlipBit(position) if call == "cat_file":
                return _flipped(result, position, 0)
        return result


def _passing(call: str) -> Callable[..., Any]:
    def passed(self: FaultyFileSystem, path: Any, *args: Any, **options: Any) -> Any:
        return self._pass(call, path, *args, **options)

    passed.__name__ = call
    passed.__doc__ = f"`{call}` of the inner filesystem, disturbed where a fault says so."
    return passed


for _call in _PASSED:
    setattr(FaultyFileSystem, _call, _passing(_call))


class _FaultyFile:
    """An open file to which something happens; all else is the real file's."""

    _file: Any
    _mishap: Mishap
    _passed_bytes: int

    def __init__(self, file: Any, mishap: Mishap) -> None:
        self.__dict__.update(_file=file, _mishap=mishap, _passed_bytes=0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__:
            self.__dict__[name] = value
        else:
            setattr(self._file, name, value)

    def __enter__(self) -> _FaultyFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def readline(self) -> bytes:
        """One line, read byte by byte."""
        line = b""
        while not line.endswith(b"\n") and (byte := self.read(1)):
            line += byte
        return line

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Read, as far as it goes."""
        mishap, passed_bytes = self._mishap, self._passed_bytes
        if isinstance(mishap, BreakAfter | ShortRead):
            left: int = max(0, mishap.size_bytes - passed_bytes)
            if not left and isinstance(mishap, BreakAfter):
                raise mishap.error
            size = left if size < 0 else min(size, left)
        data: bytes = self._file.read(size)
        if isinstance(mishap, BreakAfter) and not data and size != 0:
            raise mishap.error  # it is shorter than that
        self._passed_bytes += len(data)
        return _flipped(data, mishap.position, passed_bytes) if isinstance(mishap, FlipBit) else data

    def write(self, data: Any) -> int:
        """Write, as far as it goes; what is dropped counts as written."""
        mishap, view = self._mishap, memoryview(data).cast("B")
        if not isinstance(mishap, BreakAfter | ShortWrite):
            self._file.write(data)
            return len(view)
        kept = view[: max(0, mishap.size_bytes - self._passed_bytes)]
        if kept:
            self._file.write(bytes(kept))
        self._passed_bytes += len(kept)
        if isinstance(mishap, BreakAfter) and len(kept) < len(view):
            raise mishap.error
        return len(view)

    def close(self) -> None:
        """Close, and say that it failed if that is the mishap."""
        self._file.close()
        mishap = self._mishap
        if isinstance(mishap, RaiseAfter):
            self._mishap = Delay(0.0)  # once
            raise mishap.error


def _flipped(data: bytes, position: int, start: int) -> bytes:
    """The data, found at `start` of a file, with the lowest bit of that byte of the file flipped."""
    place = position - start
    if not 0 <= place < len(data):
        return data
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
