"""The laws of executors, on one cluster."""

from typing import Any

import pytest
from distributed import LocalCluster
from syncfs_dask import Dask

from syncfs.testing.executors import ExecutorSuite


class TestDask(ExecutorSuite):
    executor: Any = Dask()

    @pytest.fixture(autouse=True)
    def _at(self, cluster: LocalCluster) -> None:
        type(self).executor = Dask(address=cluster.scheduler_address, shared=True)
