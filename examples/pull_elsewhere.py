"""Pull what was pushed into another folder, on another machine.

    python pull_elsewhere.py ~/docs webdavs://ann@nas.example/docs

The folder is made if its parent exists. What is gone from the server is removed here too, but only if it
once came from there and is unchanged since; it goes to the trash.
"""

import sys

from syncfs import Syncer


def main(folder: str, url: str) -> None:
    syncer = Syncer(folder, url, delete="synced", exclude=["*.tmp", ".cache/"])
    for action in syncer.plan("pull").changes:
        print(f"{action.verb} {action.path}: {action.reason}")
    report = syncer.pull()
    report.raise_for_problems()
    print(f"{report.copied} copied, {report.removed} removed")


if __name__ == "__main__":
    main(*sys.argv[1:])
