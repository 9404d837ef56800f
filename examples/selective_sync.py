"""Sync part of a folder, by patterns in gitignore's syntax.

    python selective_sync.py ~/docs webdavs://ann@nas.example/docs --include '*.md' --exclude drafts/

What is left out stays as it is on both sides, also when it was synced before.
"""

import argparse

from syncfs import Syncer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("url")
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--exclude", action="append", default=[])
    words = parser.parse_args()
    syncer = Syncer(words.folder, words.url, include=words.include, exclude=words.exclude)
    report = syncer.sync().raise_for_problems()
    print(f"{report.copied} copied, {report.removed} removed, {report.untracked} no longer tracked")


if __name__ == "__main__":
    main()
