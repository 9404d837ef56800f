"""Whose bug it is: a plugin's, or our own."""

from __future__ import annotations

import traceback

from syncfs.plugin.manager import installed
from syncfs.plugin.offers import Origin

__all__ = ["blamed"]


def blamed(error: BaseException) -> Origin | None:
    """The installed plugin whose code raised an exception, or called what raised it; None where none's did.

    A strategy is called for each file, so nothing is wrapped around it; the traceback tells as well.
    """
    origins = {entry_point.module.partition(".")[0]: origin for origin, entry_point in installed()}
    for frame, _ in reversed([*traceback.walk_tb(error.__traceback__)]):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package == "syncfs":
            return None
        if package in origins:
            return origins[package]
    return None
