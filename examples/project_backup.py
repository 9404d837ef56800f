"""Back a project up: a directory that is always current, and one with the time that stays as it is.

    python project_backup.py ~/project webdavs://ann@nas.example/backups

The directory on the server must exist. `current` becomes an exact mirror, and what it loses goes to its
trash for 30 days. The dated one is pushed once, so no state is kept of it.
"""

import sys
from datetime import datetime

from syncfs import Syncer

LEFT_OUT = ["__pycache__/", "*.pyc", ".venv/", "node_modules/", "build/"]


def main(project: str, backups: str) -> None:
    # Down to the microsecond: two backups of one second must not share a directory.
    dated = f"{backups.rstrip('/')}/{datetime.now():%Y%m%dT%H%M%S.%f}"
    current = f"{backups.rstrip('/')}/current"
    for syncer in (
        Syncer(project, dated, exclude=LEFT_OUT, state=None),
        Syncer(project, current, exclude=LEFT_OUT, delete="extra", on_conflict="src"),
    ):
        report = syncer.push().raise_for_problems()
        name = syncer.dst.rstrip("/").rpartition("/")[2]
        print(f"{name}: {report.copied} copied, {report.removed} removed")


if __name__ == "__main__":
    main(*sys.argv[1:])
