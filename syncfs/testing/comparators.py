"""The laws of comparators.

::

    class TestSizeParity(ComparatorSuite):
        comparator = SizeParity()
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from hypothesis import given

from syncfs.core.capabilities import Capabilities
from syncfs.core.compare import BindableComparator, Openers, Verdict
from syncfs.core.entry import Entry, Kind
from syncfs.testing.laws import DRAWN, StrategyLaws
from syncfs.testing.strategies import capabilities, contents, files

__all__ = ["ComparatorSuite"]


class ComparatorSuite(StrategyLaws):
    """Subclass it as `Test...` and set `comparator`.

    Attributes:
        comparator: The comparator to test.
    """

    comparator: Any

    def strategy(self) -> Any:
        """The comparator."""
        return self.comparator

    def _bound(self, left: Capabilities, right: Capabilities) -> Any:
        if isinstance(self.comparator, BindableComparator):
            return self.comparator.bind(left, right)
        return self.comparator

    @DRAWN
    @given(files(), files(), capabilities(), capabilities())
    def test_it_answers_whatever_facets_are_missing(
        self, left: Entry, right: Entry, mine: Capabilities, theirs: Capabilities
    ) -> None:
        for comparator in (self.comparator, self._bound(mine, theirs)):
            assert isinstance(comparator.compare(left, right), Verdict)

    @DRAWN
    @given(files(), capabilities())
    def test_it_is_reflexive(self, file: Entry, side: Capabilities) -> None:
        assert self._bound(side, side).compare(file, file) is not Verdict.DIFFERENT

    @DRAWN
    @given(files(), files(), capabilities(), capabilities())
    def test_it_is_symmetric_unless_it_is_directed(
        self, left: Entry, right: Entry, mine: Capabilities, theirs: Capabilities
    ) -> None:
        if not getattr(self.comparator, "directed", False):
            there = self._bound(mine, theirs).compare(left, right)
            assert self._bound(theirs, mine).compare(right, left) is there

    @DRAWN
    @given(files(), files(), capabilities(), capabilities())
    def test_it_answers_twice_the_same(
        self, left: Entry, right: Entry, mine: Capabilities, theirs: Capabilities
    ) -> None:
        comparator = self._bound(mine, theirs)
        assert comparator.compare(left, right) is comparator.compare(left, right)

    @DRAWN
    @given(capabilities(), capabilities())
    def test_what_it_becomes_between_two_sides_is_its_like(
        self, mine: Capabilities, theirs: Capabilities
    ) -> None:
        bound = self._bound(mine, theirs)
        assert bound.name == self.comparator.name
        for trait in ("needs_content", "directed"):
            assert getattr(bound, trait, False) == getattr(self.comparator, trait, False)

    @DRAWN
    @given(contents(), contents())
    def test_with_the_contents_at_hand_it_decides(self, left: bytes, right: bytes) -> None:
        if not getattr(self.comparator, "needs_content", False):
            return
        there = self._by_content(left, right)
        assert there is not Verdict.UNKNOWN, "it said that it needs only the contents"
        if left == right:
            assert there is Verdict.SAME
        if not getattr(self.comparator, "directed", False):
            assert self._by_content(right, left) is there

    def _by_content(self, left: bytes, right: bytes) -> Verdict:
        opened: list[BinaryIO] = []

        def opener(content: bytes) -> Any:
            @contextmanager
            def anew() -> Iterator[BinaryIO]:
                with io.BytesIO(content) as file:
                    opened.append(file)
                    yield file

            return anew

        entries = (Entry(Kind.FILE, len(content)) for content in (left, right))
        verdict = self.comparator.compare(*entries, Openers(opener(left), opener(right)))
        assert isinstance(verdict, Verdict)
        assert all(file.closed for file in opened), "what it opens it closes"
        return verdict
