"""What every strategy keeps to, whatever its kind: it is a value, and its name can be chosen by."""

from __future__ import annotations

import pickle
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

__all__ = ["DRAWN", "StrategyLaws"]

DRAWN = settings(
    # One law runs for many subclasses, which Hypothesis would take for a mistake.
    suppress_health_check=[
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
    deadline=None,
    max_examples=50,
)


class StrategyLaws:
    """The laws of values; the suites of all strategies have them."""

    def strategy(self) -> Any:
        """The strategy to test."""
        raise NotImplementedError

    def test_its_class_has_a_name_that_can_be_chosen_by(self) -> None:
        name = vars(type(self.strategy())).get("name", type(self.strategy()).name)
        assert isinstance(name, str)
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name), "letters, digits, dots and dashes only"

    def test_it_is_a_value(self) -> None:
        strategy = self.strategy()
        assert strategy == self.strategy(), "two of the same options are equal"
        assert hash(strategy) == hash(self.strategy())
        if is_dataclass(strategy) and fields(strategy):
            field = fields(strategy)[0].name
            with pytest.raises((FrozenInstanceError, AttributeError)):
                setattr(strategy, field, getattr(strategy, field))

    def test_it_pickles(self) -> None:
        strategy = self.strategy()
        back = pickle.loads(pickle.dumps(strategy))
        assert type(back) is type(strategy)
        assert back == strategy

    def test_its_options_have_defaults(self) -> None:
        type(self.strategy())()
