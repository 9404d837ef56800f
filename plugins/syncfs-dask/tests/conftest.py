"""Run from a checkout too; one cluster for all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

sys.path[:0] = [str(Path(__file__).parents[1])]


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """Two workers of two threads."""
    with LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster
