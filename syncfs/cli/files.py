"""Files that the command line itself writes."""

from __future__ import annotations

import os

__all__ = ["write_private"]


def write_private(path: str, text: str) -> None:
    """Write a file whole or not at all, readable for its owner only; an old one is replaced.

    Lone surrogates (a file's name that is no valid Unicode) survive.
    """
    import tempfile  # with shutil and random, for the few commands that write a file

    descriptor, temporary = tempfile.mkstemp(prefix=".syncfs-tmp-", dir=os.path.dirname(path) or ".")
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
