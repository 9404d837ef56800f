from __future__ import annotations

import pytest

from syncfs.store import MemoryStore
from syncfs.testing.stores import StoreLaws, file_record


class TestMemoryStore(StoreLaws):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


def test_a_memory_store_says_that_nothing_outlives_the_run() -> None:
    store = MemoryStore()
    assert not store.is_durable
    assert store.notice == ""
    store.record([("a", file_record())])
    store.close()
    assert MemoryStore().load("") == {}
