"""What is found in every run must be what the README's table says."""

import os
from collections.abc import Iterator

import pytest

from syncfs.testing.conformance import Finding
from tests.conformance.table import load

TIMING = frozenset({"whole", "tells"})
"""Found out by racing: one run may see what another one misses."""


@pytest.fixture(autouse=True)
def as_recorded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail where a side can do something else than was put on record."""
    yield
    if os.environ.get("SYNCFS_CONFORMANCE") == "record":
        return
    found = load()
    for name, value in request.node.user_properties:
        if name != "finding" or value[2] in TIMING:
            continue
        table, subject, feature, can, _ = Finding(*value)
        on_record = found.get(table, {}).get(subject, {}).get(feature)
        assert on_record is not None and on_record["can"] == can, (
            f"{subject}, {feature}: found {can}, on record {on_record}; run python -m tests.conformance"
        )
