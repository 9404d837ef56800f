"""The examples in the package's docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import syncfs

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(syncfs.__path__, "syncfs.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    found = doctest.DocTestFinder().find(importlib.import_module("syncfs.core.paths"))
    assert sum(len(test.examples) for test in found) >= 5
