"""The laws of executors, on one cluster."""

from typing import Any

import pytest
from distributed import LocalCluster
from syncfs.testing.executors import ExecutorSuite
from syncfs_dask import Dask


class TestDask(ExecutorSuite):
    executor: Any = Dask()

    @pytest.fixture(autouse=True)
    def _at(self, cluster: LocalCluster) -> None:
        type(self).executor = Dask(address=cluster.scheduler_address, shared=True)
