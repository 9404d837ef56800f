"""Push, pull and sync with every kind of filesystem, from start to end, by its URL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fsspec.core import url_to_fs

from syncfs import ConfigError, Report, Syncer
from syncfs.testing import Tree, read_tree, write_tree
from tests.endpoint.conformance.test_read_only import archived
from tests.servers.apache import ApacheIndex
from tests.servers.filesystems import PASSWORD, USER, Serving, azure_options, moto_fs, s3_options
from tests.servers.server import wait_until

BIG = b"0123456789abcdef" * (9 << 16)
"""9 MiB: two parts of an upload to S3, and more than is sent to FTP from memory."""
TREE: Tree = {"a": "one", "empty": "", "d/b [x]*": "three", "d/e/é": "four", "gone/": None, "big": BIG}

ROOT = Path(__file__).parents[2]
SERVED = ("s3_server", "moto_server", "azure_server", "sftp_server", "ftp_server")


@dataclass(frozen=True)
class Place:
    """Where a test syncs to.

    Attributes:
        url: Of a directory that is not there yet.
        options: That go with it.
        disk: The directory of the server's disk that shows it; None where it keeps objects otherwise.
    """

    url: str
    options: Mapping[str, Any]
    disk: Path | None = None

    def filesystem(self) -> tuple[Any, str]:
        """Another way in: fsspec itself, and the root as it spells it."""
        fs, root = url_to_fs(self.url, **self.options)
        fs.invalidate_cache()
        return fs, root

    def edit(self, path: str, data: bytes) -> None:
        """Replace a file, behind syncfs' back, and not within the second in which it was written.

        FTP tells whole seconds and keeps no times: such an edit of the same size leaves no trace.
        """
        if self.disk is not None:
            file = self.disk / path
            if file.exists():
                second = int(file.stat().st_mtime)
                wait_until(lambda: int(time.time()) > second, "another second", timeout_s=3)
            file.write_bytes(data)
            return
        fs, root = self.filesystem()
        fs.pipe_file(f"{root}/{path}", data)


@pytest.fixture(params=SERVED)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    server, name = request.getfixturevalue(request.param), f"by-url-{os.getpid()}"
    match request.param:
        case "s3_server" | "moto_server":
            found = Place(f"s3://bucket/{name}", s3_options(server))
        case "azure_server":
            found = Place(f"abfs://bucket/{name}", azure_options(server))
        case "sftp_server":
            options = {"look_for_keys": False, "allow_agent": False}
            found = Place(
                f"sftp://{USER}:{PASSWORD}@127.0.0.1:{server.port}/{name}", options, server.root / name
            )
        case _:
            found = Place(f"ftp://{USER}:{PASSWORD}@127.0.0.1:{server.port}/{name}", {}, server.root / name)
    yield found
    fs, _ = found.filesystem()
    for connection in (getattr(fs, "client", None), getattr(fs, "ftp", None)):
        if connection is not None and hasattr(connection, "close"):
            connection.close()
    type(fs).clear_instance_cache()


@pytest.fixture
def run(place: Place, tmp_path: Path) -> Callable[[str], Report]:
    """A whole run between `local` and the place, each with an endpoint of its own."""
    write_tree(tmp_path / "local", TREE)

    def once(mode: str, local: str = "local", **options: Any) -> Report:
        syncer = Syncer(
            tmp_path / local,
            place.url,
            dst_options=place.options,
            state=tmp_path / f"{local}.state",
            **options,
        )
        report: Report = getattr(syncer, mode)()
        report.raise_for_problems()
        return report

    return once


def shown(root: Path) -> Tree:
    """What is there without what syncfs keeps."""
    return {path: data for path, data in read_tree(root).items() if not path.startswith(".syncfs")}


def writes(report: Report) -> int:
    return report.copied + report.removed + report.renamed + report.made_directories


def test_it_is_pushed_pulled_and_synced_and_a_second_run_writes_nothing(
    run: Callable[..., Report], place: Place, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    assert run("push").copied == 5
    assert writes(run("push")) == 0
    assert (
        PASSWORD not in Syncer(local, place.url, dst_options=place.options, state=None).plan("push").to_json()
    )

    # Of the same size, one after the other on each side.
    write_tree(local, {"a": "two"})
    assert run("push").copied == 1
    place.edit("d/b [x]*", b"THREE")
    assert run("pull").copied == 1
    assert shown(local)["d/b [x]*"] == "THREE"

    write_tree(local, {"new here": "x", "a": "2nd"})
    (local / "empty").unlink()
    (local / "gone").rmdir()
    place.edit("d/e/new there", b"y")
    report = run("sync")
    assert (report.copied, report.removed, report.conflicts) == (3, 2, ())
    assert writes(run("sync")) == 0

    (tmp_path / "another").mkdir()
    run("pull", "another")
    assert shown(tmp_path / "another") == shown(local)
    assert {*shown(local)} == {"a", "big", "d/b [x]*", "d/e/é", "d/e/new there", "new here"}


@pytest.mark.parametrize("kind", ["zip", "tar", "http"])
def test_what_can_only_be_read_is_a_source(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    tree: Tree = {"a": "one", "d/b [x]": "three", "d/é%41": "four", "empty": ""}
    root = tmp_path / "tree"

    def url() -> str:
        if kind == "http":
            return folder.url
        archive = tmp_path / ("a.zip" if kind == "zip" else "a.tar.gz")
        return f"{kind}://::{archived(root, archive)}"

    if kind == "http":
        server: ApacheIndex = request.getfixturevalue("indexing")
        folder = server.folder()
        root = folder.root
    write_tree(root, tree)
    (tmp_path / "copy").mkdir()

    def once(mode: str = "push", **options: Any) -> Report:
        places = (url(), tmp_path / "copy") if mode == "push" else (tmp_path / "copy", url())
        report: Report = getattr(Syncer(*places, state=tmp_path / f"{mode}.state", **options), mode)()
        report.raise_for_problems()
        return report

    assert once().copied == 4
    assert shown(tmp_path / "copy") == tree
    assert writes(once()) == 0
    assert writes(once("pull")) == 0

    write_tree(root, {"a": "two"})
    later = (root / "a").stat().st_mtime_ns + 1_000_000_000  # tar tells times to the second
    os.utime(root / "a", ns=(later, later))
    (root / "d" / "é%41").unlink()
    report = once(delete="synced")
    assert (report.copied, report.removed) == (1, 1)
    assert shown(tmp_path / "copy") == {"a": "two", "d/b [x]": "three", "empty": ""}

    with pytest.raises(ConfigError, match="can only be read"):
        Syncer(tmp_path / "copy", url(), state=None).push()
    assert shown(root) == shown(tmp_path / "copy")


def test_the_example_keeps_a_folder_in_a_bucket(moto_server: Serving, tmp_path: Path) -> None:
    write_tree(tmp_path / "local", TREE)

    def run_example() -> str:
        words = (tmp_path / "local", "s3://bucket/example", f"http://127.0.0.1:{moto_server.port}")
        return subprocess.run(
            [sys.executable, ROOT / "examples" / "back_up_to_bucket.py", *map(str, words)],
            capture_output=True,
            text=True,
            check=True,
            env={
                **os.environ,
                "AWS_ACCESS_KEY_ID": USER,
                "AWS_SECRET_ACCESS_KEY": PASSWORD,
                "PYTHONPATH": str(ROOT),
                "SYNCFS_STATE_DIR": str(tmp_path / "state"),
            },
            timeout=120,
        ).stdout

    assert "5 copied, 0 removed" in run_example()
    (tmp_path / "local" / "a").unlink()
    assert "0 copied, 1 removed" in run_example()


def test_a_probe_of_a_bucket_says_which_conditions_are_heeded(
    moto_server: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from syncfs.cli.output import Output
    from syncfs.cli.probing import probe_place

    moto_fs(moto_server).pipe_file("bucket/probed/f", b"x")
    probe_place(Output(), "s3://bucket/probed", s3_options(moto_server))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["if_none_match", "yes"] for line in lines)
    assert any(line.startswith("creates_exclusively") and "overwrites nothing" in line for line in lines)
    assert moto_fs(moto_server).ls("bucket/probed", detail=False) == ["bucket/probed/f"]
