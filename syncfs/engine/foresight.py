"""Read the seals of a whole tree ahead of the walk, and have its directories recognised meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from syncfs.core.entry import Side
from syncfs.core.seal import Seal
from syncfs.endpoint.endpoint import Endpoint, Recogniser, Recognising
from syncfs.store.store import Seals

__all__ = ["Foresight"]

WORTH_NAMES = 20_000
"""From so many sealed names on a process more is worth its 25 ms: looking at them takes 70 ms a side."""
ASKED_NAMES = 2_000
"""About so many names' directories are asked about at once: 8 ms of work, after which the walk can go on."""
ASKINGS = 4
"""So many askings are under way, so that nobody waits while the walk does something else."""


class Foresight:
    """The seals of a store in their own order, which is nearly that of the walk.

    Where the tree is large, and a side knows how, its directories are recognised ahead of need; a context,
    because of those who do that.

    Args:
        seals: Where they are kept.
        sides: The left and the right endpoint.
    """

    def __init__(self, seals: Seals, sides: Sequence[Endpoint]) -> None:
        self._seals = seals
        self._coming: Iterator[tuple[str, Seal]] | None = seals.all_seals()
        self._known: dict[str, Seal] = {}
        self._last = ""
        self._recognisers: list[Recogniser | None] = [None, None]
        self._stack = ExitStack()
        asked = []
        names = 0
        while names < WORTH_NAMES and self._coming is not None:
            asked.append(self._read())
            names += sum(seal.files for _, seal in asked[-1])
        if names >= WORTH_NAMES:
            for side in Side:
                endpoint = sides[side]
                if isinstance(endpoint, Recognising):
                    self._recognisers[side] = self._stack.enter_context(endpoint.recogniser())
            for page in asked:
                self._ask(page)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def seal(self, directory: str) -> Seal | None:
        """The seal of a directory; each is told once."""
        while self._coming is not None and directory not in self._known and self._last < directory:
            self._ask(self._read())
        seal = self._known.pop(directory, None)
        return self._seals.seal(directory) if seal is None else seal

    def bears_mark(self, side: Side, directory: str) -> bool:
        """Whether it is known that a side bears the mark of a directory's seal."""
        recogniser = self._recognisers[side]
        if recogniser is None:
            return False
        if recogniser.waiting < ASKINGS and self._coming is not None:
            self._ask(self._read())
        return recogniser.bears_mark(directory)

    def _read(self) -> list[tuple[str, Seal]]:
        """Take some seals from the store."""
        page: list[tuple[str, Seal]] = []
        names = 0
        assert self._coming is not None
        for sealed in self._coming:
            page.append(sealed)
            names += sealed[1].files + 10  # looking at an empty directory costs something too
            if names >= ASKED_NAMES:
                break
        else:
            self._coming = None
        if page:
            self._last = page[-1][0]
            self._known.update(page)
        return page

    def _ask(self, page: Sequence[tuple[str, Seal]]) -> None:
        for side, recogniser in zip(Side, self._recognisers, strict=True):
            if page and recogniser is not None:
                recogniser.ask([(directory, seal.of(side)) for directory, seal in page])
