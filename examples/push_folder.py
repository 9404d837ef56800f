"""Push a folder to a WebDAV server, or to any other place that fsspec knows.

    python push_folder.py ~/docs webdavs://ann@nas.example/docs

The password comes from the keyring (service syncfs/HOST), from netrc, or from the environment variable
SYNCFS_PASSWORD. A second run moves only what has changed.
"""

import os
import sys

from syncfs import Syncer


def main(folder: str, url: str) -> None:
    options = {"password": "env:SYNCFS_PASSWORD"} if "SYNCFS_PASSWORD" in os.environ else None
    report = Syncer(folder, url, dst_options=options).push()
    print(f"{report.copied} copied, {report.bytes_transferred} bytes, {report.duration_s:.1f} s")
    for conflict in report.conflicts:
        print(f"{conflict.path}: {conflict.outcome}")
    report.raise_for_problems()


if __name__ == "__main__":
    main(*sys.argv[1:])
