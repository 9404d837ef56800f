"""The commands of syncfs and of its peers, as their users would type them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.servers.rclone_server import find_rclone

JOBS = 32
"""The concurrency that everyone is given who can be told."""

_FSSPEC = """
import sys
from fsspec.generic import rsync
rsync("file://" + sys.argv[1], "file://" + sys.argv[2])
"""

_WEBDAVCLIENT3 = """
import sys
from webdav3.client import Client
client = Client({"webdav_hostname": sys.argv[2]})
getattr(client, sys.argv[1])(remote_directory=sys.argv[3], local_directory=sys.argv[4])
"""


def syncfs(mode: str, src: object, dst: object) -> list[str]:
    """Syncfs as installed."""
    return [sys.executable, "-m", "syncfs", mode, str(src), str(dst)]


def dav(url: str) -> str:
    """A server's address as syncfs takes it."""
    return url.replace("http", "webdav", 1)


def rclone(src: object, dst: object, url: str = "", *, tuned: bool = True) -> list[str]:
    """`rclone sync`; a remote side is written `:webdav:path`, relative to `url`."""
    command = [str(find_rclone()), "sync", str(src), str(dst), "--config", os.devnull]
    if url:
        command += ["--webdav-url", url]
        if tuned:
            command += ["--webdav-pacer-min-sleep", "0"]
    if tuned:
        command += ["--transfers", str(JOBS), "--checkers", str(JOBS)]
    return command


def rsync(src: object, dst: object) -> list[str]:
    """Rsync, keeping what syncfs keeps, removing nothing."""
    return ["rsync", "-a", f"{src}/", f"{dst}/"]


def unison(src: object, dst: object) -> list[str]:
    """Unison without a user interface; its archives are where `UNISON` says."""
    return ["unison", "-ui", "text", "-batch", "-silent", "-times", "-perms", "0o777", str(src), str(dst)]


def fsspec_rsync(src: object, dst: object) -> list[str]:
    """fsspec's own rsync between two local directories."""
    return [sys.executable, "-c", _FSSPEC, str(src), str(dst)]


def webdavclient3(mode: str, url: str, remote: str, local: object) -> list[str]:
    """webdavclient3, the seed of this field."""
    return [sys.executable, "-c", _WEBDAVCLIENT3, mode, url, remote, str(local)]


def then_sync(command: Iterable[str], where: object) -> list[str]:
    """A command, then what syncfs does as well: everything that was written is on the disk."""
    return ["sh", "-c", '"$@" && sync -f "$0"', str(where), *command]


def curl(pairs: Iterable[tuple[str, str]], config: Path, *, upload: bool) -> list[str]:
    """Curl's bare transfers, over as many connections as everyone has.

    Args:
        pairs: (local path, URL).
        config: Where to write curl's list of them.
        upload: PUT, else GET.
    """
    what = "upload-file" if upload else "output"
    config.write_text("".join(f'{what} = "{path}"\nurl = "{url}"\n' for path, url in pairs))
    return ["curl", "-sS", "--fail", "--parallel", "--parallel-max", str(JOBS), "--config", str(config)]


def missing(*programs: str) -> dict[str, str]:
    """Which programs are not installed, and the words for it."""
    return {name: "not installed here" for name in programs if shutil.which(name) is None}
