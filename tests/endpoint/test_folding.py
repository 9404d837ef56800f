"""Finding out, without writing, which spellings a directory takes for one name."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from syncfs.endpoint.folding import Folding, folding_of
from syncfs.endpoint.local import LocalEndpoint


def _folds_case(name: str, other: str) -> bool:
    return name.casefold() == other.casefold()


def _folds_forms(name: str, other: str) -> bool:
    return unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)


@pytest.mark.parametrize(
    ("names", "is_same", "expected"),
    [
        ([], _folds_case, Folding(None, None)),
        (["123"], _folds_case, Folding(None, None)),
        (["Notes"], _folds_case, Folding(True, None)),
        (["Notes"], lambda name, other: False, Folding(False, None)),
        (["caf\u00e9"], _folds_forms, Folding(False, True)),
        (["cafe\u0301"], lambda name, other: False, Folding(False, False)),
    ],
)
def test_one_name_that_can_tell_is_enough(names: list[str], is_same: object, expected: Folding) -> None:
    assert callable(is_same)
    assert folding_of(names, is_same) == expected


def test_two_spellings_side_by_side_are_two_files_even_as_hard_links() -> None:
    assert folding_of(["Notes", "nOTES"], lambda name, other: True).case is False


def test_a_linux_directory_holds_names_exactly(tmp_path: Path) -> None:
    (tmp_path / "Caf\u00e9").touch()
    endpoint = LocalEndpoint(str(tmp_path))
    endpoint.check_root()
    assert not endpoint.capabilities.folds_case
    assert not endpoint.capabilities.folds_unicode
