"""The kernel's copy, and what happens where there is none."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.endpoint.pour import pour


def poured(
    tmp_path: Path, content: bytes, asked_bytes: int, piece_bytes: int
) -> tuple[int, bytes, list[int]]:
    (tmp_path / "from").write_bytes(content)
    source = os.open(tmp_path / "from", os.O_RDONLY)
    target = os.open(tmp_path / "to", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    told: list[int] = []
    try:
        count = pour(source, target, asked_bytes, piece_bytes, told.append)
    finally:
        os.close(source)
        os.close(target)
    return count, (tmp_path / "to").read_bytes(), told


def test_a_file_arrives_whole_piece_by_piece(tmp_path: Path) -> None:
    content = os.urandom(2_500_000)
    assert poured(tmp_path, content, len(content), 1_000_000) == (
        len(content),
        content,
        [1_000_000, 1_000_000, 500_000],
    )


def test_a_source_that_ended_early_is_counted(tmp_path: Path) -> None:
    count, content, _ = poured(tmp_path, b"short", 100, 1_000)
    assert (count, content) == (5, b"short")


@pytest.mark.parametrize("code", [errno.EXDEV, errno.ENOSYS, errno.EINVAL, None])
@pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="Linux")
def test_where_the_kernel_cannot_it_goes_through_our_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    def refused(*_: object) -> int:
        if code is None:
            return 0  # some filesystems say so instead
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "copy_file_range", refused)
    content = os.urandom(2_500_000)
    assert poured(tmp_path, content, len(content), 1_000_000)[:2] == (len(content), content)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "copy_file_range", full, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(OSError, match="No space left"):
        poured(tmp_path, b"content", 7, 1_000)


def test_a_large_file_that_was_only_touched_is_not_copied_again_and_an_edit_is(tmp_path: Path) -> None:
    source, content = tmp_path / "a" / "large", os.urandom(1 << 20) + b"tail"
    source.parent.mkdir()
    source.write_bytes(content)
    os.utime(source, ns=(10**18, 10**18))
    syncer = Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state.sqlite")
    assert syncer.push().copied == 1
    os.utime(source, ns=(10**18, 10**18 + 10**9))
    touched = syncer.push()
    assert (touched.copied, touched.bytes_transferred, touched.ok) == (0, 0, True)
    source.write_bytes(content[:-1] + b"L")
    assert syncer.push().copied == 1
    assert (tmp_path / "b" / "large").read_bytes() == content[:-1] + b"L"
