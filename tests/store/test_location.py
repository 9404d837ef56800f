from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from syncfs.errors import ConfigError
from syncfs.store import (
    MemoryStore,
    SqliteStore,
    is_url,
    lock_path,
    open_store,
    state_path,
    swapped_exists,
)
from syncfs.testing.stores import file_record

LEFT, RIGHT = "file:///home/me/My Docs", "webdavs://me@nas.example.org:443/dav/docs"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_path_is_readable_and_tells_no_user_and_no_host(directory: Path) -> None:
    path = Path(state_path(LEFT, RIGHT))
    assert path.parent == directory
    assert path.name.startswith("My-Docs--docs--")
    assert "me@" not in path.name
    assert "nas" not in path.name


@pytest.mark.parametrize(
    "identity",
    ["s3://bucket", "file:///", "C:\\Users\\me\\x", "webdav://h/" + "ü" * 300, "x", "", "file:///\udcff"],
)
def test_any_identity_makes_a_file_name(identity: str) -> None:
    name = os.path.basename(state_path(identity, RIGHT))
    assert name.isascii()
    assert len(name) < 100
    assert not set(name) & set('/\\:*?"<>| ')


def test_pairs_have_unlike_files_and_the_swapped_pair_is_another(directory: Path) -> None:
    pairs = [(LEFT, RIGHT), (RIGHT, LEFT), (LEFT, RIGHT + "/x"), (LEFT, LEFT)]
    assert len({state_path(*pair) for pair in pairs}) == len(pairs)
    assert state_path(LEFT, RIGHT) == state_path(LEFT, RIGHT)


def test_the_lock_is_the_same_whichever_way_round(directory: Path) -> None:
    assert lock_path("auto", LEFT, RIGHT) == lock_path("auto", RIGHT, LEFT)
    assert lock_path("auto", LEFT, RIGHT) != lock_path("auto", LEFT, LEFT)


def test_without_a_choice_the_platform_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SYNCFS_STATE_DIR")
    for variable in ("HOME", "XDG_STATE_HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert "syncfs" in Path(state_path(LEFT, RIGHT)).parts


def test_the_swapped_pair_is_noticed_only_while_this_one_is_new(directory: Path) -> None:
    assert not swapped_exists(LEFT, RIGHT)
    open_store("auto", RIGHT, LEFT).close()
    assert swapped_exists(LEFT, RIGHT)
    assert not swapped_exists(RIGHT, LEFT)
    open_store("auto", LEFT, RIGHT).close()
    assert not swapped_exists(LEFT, RIGHT)


def test_auto_keeps_a_state_in_a_directory_of_ones_own(directory: Path) -> None:
    store = open_store("auto", LEFT, RIGHT)
    assert isinstance(store, SqliteStore)
    assert store.path == state_path(LEFT, RIGHT)
    if os.name != "nt":
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    store.close()


def test_to_read_makes_no_directory(directory: Path) -> None:
    open_store("auto", LEFT, RIGHT, read_only=True).close()
    assert not directory.exists()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_names_the_state_file(tmp_path: Path, kind: type) -> None:
    store = open_store(kind(tmp_path / "my state"), LEFT, RIGHT)
    store.record([("a", file_record())])
    store.close()
    assert (tmp_path / "my state").is_file()


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    open_store("~/mine.sqlite", LEFT, RIGHT).close()
    assert (tmp_path / "mine.sqlite").is_file()


def test_no_state_is_a_store_that_is_forgotten_without_a_word() -> None:
    store = open_store(None, LEFT, RIGHT)
    assert isinstance(store, MemoryStore)
    assert store.notice == ""


@pytest.mark.parametrize(
    ("left", "right", "side"), [(None, RIGHT, "src"), (LEFT, None, "dst"), (None, None, "src")]
)
def test_a_pair_that_cannot_be_named_keeps_no_state_and_says_so(
    left: str | None, right: str | None, side: str, tmp_path: Path
) -> None:
    for state in ("auto", str(tmp_path / "x.sqlite")):
        store = open_store(state, left, right)
        assert not store.is_durable
        assert f"the filesystem of {side} has no name" in store.notice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("{tmp}", "is a directory; give the path of a file"),
        ("{tmp}/missing/x.sqlite", "missing is not a directory; make it first"),
        ("", "the path is empty"),
    ],
)
def test_a_state_that_cannot_be_is_refused_in_one_line(tmp_path: Path, state: str, message: str) -> None:
    for left in (LEFT, None):
        with pytest.raises(ConfigError, match=message) as caught:
            open_store(state.replace("{tmp}", str(tmp_path)), left, RIGHT)
        assert "\n" not in str(caught.value)


def test_the_lock_of_a_given_state_lies_beside_it(tmp_path: Path) -> None:
    assert lock_path(tmp_path / "s.sqlite", "a://x", "b://y") == f"{tmp_path / 's.sqlite'}.lock"


@pytest.mark.parametrize(
    ("state", "is_one"),
    [
        ("s3://bucket/state.sqlite", True),
        ("webdavs://nas/.syncfs/x.sqlite", True),
        ("simplecache::s3://b/x", True),
        ("memory://x/y", True),
        ("file:///srv/x.sqlite", False),
        ("C:\\x.sqlite", False),
        ("a:b", False),
        ("auto", False),
        (Path("x"), False),
        (None, False),
    ],
)
def test_a_url_of_another_disk_is_told_from_a_path(state: object, is_one: bool) -> None:
    assert is_url(state) is is_one


def test_a_url_of_this_disk_is_a_path(tmp_path: Path) -> None:
    open_store(f"file://{tmp_path}/my%20state", LEFT, RIGHT).close()
    assert (tmp_path / "my state").is_file()
    assert lock_path(f"file://{tmp_path}/s", LEFT, RIGHT) == f"{tmp_path}/s.lock"


def test_a_state_elsewhere_is_locked_here(directory: Path, tmp_path: Path) -> None:
    assert lock_path("s3://b/x.sqlite", LEFT, RIGHT) == lock_path("auto", LEFT, RIGHT)
    assert lock_path(object(), LEFT, RIGHT) == lock_path("auto", LEFT, RIGHT)


def test_a_worker_without_a_home_locks_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no directory can be made here")
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "file" / "below"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    path = lock_path("s3://b/x.sqlite", LEFT, RIGHT)
    assert path is not None
    assert path.startswith(str(tmp_path / "temporary"))


def test_a_pair_without_a_name_has_no_lock() -> None:
    assert lock_path("auto", None, "b://y") is None
