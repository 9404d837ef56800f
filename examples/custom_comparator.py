"""Compare text files by their words, so that a changed line ending or indentation moves nothing.

    python custom_comparator.py ~/notes webdav://localhost:8080/notes

A comparator answers one question: do both sides hold the same content? It is asked only where the state
does not tell, as on a first run over two filled folders. An object is enough; a plugin that is installed
registers its class and is then chosen by name (see syncfs.plugin.hookspecs).
"""

import sys
from dataclasses import dataclass
from typing import ClassVar

from syncfs import Syncer
from syncfs.core import Entry, Openers, Verdict


@dataclass(frozen=True)
class SameWords:
    """Same when both files hold the same words in the same order."""

    name: ClassVar[str] = "same-words"
    needs_content: ClassVar[bool] = True
    encoding: str = "utf-8"

    def compare(self, left: Entry, right: Entry, openers: Openers | None = None) -> Verdict:
        if openers is None:
            return Verdict.UNKNOWN  # the entries do not tell; we are asked again, with the contents
        with openers.left() as mine, openers.right() as theirs:
            same = self._words(mine.read()) == self._words(theirs.read())
        return Verdict.SAME if same else Verdict.DIFFERENT

    def _words(self, content: bytes) -> list[str]:
        return content.decode(self.encoding, "replace").split()


def main(folder: str, url: str) -> None:
    report = Syncer(folder, url, compare=SameWords()).push()
    print(f"{report.copied} copied")
    report.raise_for_problems()


if __name__ == "__main__":
    main(*sys.argv[1:])
