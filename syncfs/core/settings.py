"""What a run was asked to do: plain values that every decision may rest on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from syncfs.core.align import NameKey, name_key
from syncfs.core.capabilities import Capabilities
from syncfs.core.compare import Comparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.entry import Side
from syncfs.core.selection import Only, Selection
from syncfs.errors import ConfigError

E = TypeVar("E", bound=Enum)

__all__ = ["Delete", "MaxDelete", "Mode", "Settings"]


def _member(kind: type[E], text: str, what: str, *more: str) -> E:
    for member in kind:
        if member.value == text:
            return member
    known = ", ".join([*more, *(member.value for member in kind)])
    raise ConfigError(f"{what}: {text!r} is unknown; one of {known}")


class Mode(Enum):
    """Which way changes flow."""

    PUSH = "push"
    PULL = "pull"
    SYNC = "sync"

    @staticmethod
    def parse(text: str) -> Mode:
        """The mode of that name.

        Raises:
            ConfigError: There is none.
        """
        return _member(Mode, text, "mode")

    @property
    def sender(self) -> Side | None:
        """The side that is only read; None in sync."""
        return {Mode.PUSH: Side.LEFT, Mode.PULL: Side.RIGHT, Mode.SYNC: None}[self]


class Delete(Enum):
    """What may be removed on the receiving side."""

    NONE = "none"
    SYNCED = "synced"
    """Paths that both sides once agreed on, gone from one and unchanged since on the other."""
    EXTRA = "extra"
    """Everything that the sender lacks: an exact mirror; one-way only."""

    @staticmethod
    def parse(text: str, mode: Mode) -> Delete:
        """The setting of that name; `auto` is `synced` for sync and `none` otherwise.

        Raises:
            ConfigError: There is none, or it does not go with the mode.
        """
        if text == "auto":
            return Delete.SYNCED if mode is Mode.SYNC else Delete.NONE
        delete = _member(Delete, text, "delete", "auto")
        if delete is Delete.EXTRA and mode is Mode.SYNC:
            raise ConfigError("delete='extra' makes an exact mirror: it goes with push and pull only")
        return delete


@dataclass(frozen=True, slots=True)
class MaxDelete:
    """How much a run may remove before a guard stops it.

    Attributes:
        percent: Of that side's base records (without a base: of what was listed); None when `count` is
            given.
        count: So many files; None when `percent` is given.
    """

    percent: float | None = 50.0
    count: int | None = None

    @staticmethod
    def parse(limit: str | int) -> MaxDelete:
        """Read `"50%"`, `"12"` or `12`.

        Raises:
            ConfigError: It is neither a share nor a number.
        """
        text = str(limit).strip()
        try:
            if text.endswith("%"):
                percent = float(text[:-1])
                if 0 <= percent <= 100:
                    return MaxDelete(percent=percent)
            elif int(text) >= 0 and not isinstance(limit, bool):
                return MaxDelete(percent=None, count=int(text))
        except ValueError:
            pass
        raise ConfigError(f"max_delete: a share such as '50%' or a number of files, not {limit!r}")

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.percent is not None else str(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the pure core needs to know of a run.

    Attributes:
        mode: Which way changes flow.
        delete: What may be removed.
        compare: The comparator, bound to both sides.
        policy: Who wins a conflict.
        selection: Which paths are synced at all.
        capabilities: Of the left and of the right side.
        keep_loser: A conflict's loser is kept beside the winner; False: it goes to the trash.
        trash: What is removed goes to the trash instead of being deleted.
        has_base: The base outlives runs. Without it every run is a first run, and what a push or a pull
            overwrites goes to the trash, not beside.
        verify: Read the content of both sides instead of trusting the base.
        keep_filtered: Leave the records of excluded paths as they are.
        max_delete: How much may be removed.
        stamp: The run's time, `YYYYMMDDTHHMMSS`, for the names of kept losers.
    """

    mode: Mode
    delete: Delete
    compare: Comparator
    policy: ConflictPolicy
    selection: Selection | Only
    capabilities: tuple[Capabilities, Capabilities]
    keep_loser: bool = True
    trash: bool = True
    has_base: bool = True
    verify: bool = False
    keep_filtered: bool = False
    max_delete: MaxDelete = MaxDelete()
    stamp: str = "00000000T000000"

    @property
    def tolerance_ns(self) -> int | None:
        """Two mtimes of different sides closer than this cannot be ordered; None when none can."""
        skews = [capabilities.clock_skew_ns for capabilities in self.capabilities]
        if skews[0] is None or skews[1] is None:
            return None
        grain_ns = max(capabilities.mtime_grain_ns for capabilities in self.capabilities)
        return abs(skews[1] - skews[0]) + grain_ns

    @property
    def name_key(self) -> NameKey | None:
        """When two names are one; None where both sides hold names exactly."""
        return name_key(self.capabilities)

    @property
    def compares_backwards(self) -> bool:
        """Whether the comparator is given the right side first: it asks who sends, and right does."""
        return self.mode is Mode.PULL and bool(getattr(self.compare, "directed", False))

    def may_write(self, side: Side) -> bool:
        """Whether this run writes to a side at all."""
        return self.mode.sender is not side
