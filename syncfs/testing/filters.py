"""The laws of filters.

::

    class TestYears(FilterSuite):
        filter = Years((2024,))
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from syncfs.testing.laws import DRAWN, StrategyLaws
from syncfs.testing.strategies import names, paths

__all__ = ["FilterSuite"]


class FilterSuite(StrategyLaws):
    """Subclass it as `Test...` and set `filter`.

    Attributes:
        filter: The filter to test.
        paths: Paths that it tells apart; drawn ones are tried as well.
    """

    filter: Any
    paths: tuple[str, ...] = ()

    def strategy(self) -> Any:
        """The filter."""
        return self.filter

    @DRAWN
    @given(st.data(), st.booleans())
    def test_it_answers_yes_or_no_and_twice_the_same(self, data: st.DataObject, is_directory: bool) -> None:
        path = self._drawn(data)
        answer = self.filter.matches(path, is_directory)
        assert answer is True or answer is False
        assert self.filter.matches(path, is_directory) is answer

    @DRAWN
    @given(st.data(), names(), st.booleans())
    def test_what_lies_below_a_matched_directory_is_matched_too(
        self, data: st.DataObject, name: str, is_directory: bool
    ) -> None:
        directory = self._drawn(data)
        if self.filter.matches(directory, True):
            below = f"{directory}/{name}"
            assert self.filter.matches(below, is_directory), f"{directory}/ matches and {below} does not"

    def _drawn(self, data: st.DataObject) -> str:
        return data.draw(st.one_of(paths(), st.sampled_from(self.paths)) if self.paths else paths())
