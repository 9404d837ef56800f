"""What is known of one remote, and where that comes from."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from syncfs.endpoint.webdav.profile import UNKNOWN, Profile
from syncfs.endpoint.webdav.servers import Fingerprint, recognise
from syncfs.errors import ConfigError

__all__ = ["EXPIRY_S", "Knowledge", "told_capabilities"]

EXPIRY_S = 30 * 24 * 3600
"""How long what was found out by writing is believed: servers are set up anew."""


def told_capabilities(value: Any, side: str) -> dict[str, Any]:
    """Check what the user says of a server's capabilities.

    Args:
        value: A mapping, its JSON, or None.
        side: `"src"` or `"dst"`, for messages.

    Raises:
        ConfigError: It cannot be said so.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ConfigError(f"{side}: capabilities is not JSON ({error})") from None
    if value is not None and not isinstance(value, Mapping):
        raise ConfigError(f'{side}: capabilities is a mapping, as {{"tells_quota": false}}')
    try:
        UNKNOWN.with_facts(value or {})
    except ValueError as error:
        raise ConfigError(f"{side}: capabilities: {error}") from None
    return dict(value or {})


class Knowledge:
    """A remote's profile: what the user says, over what was learnt, over the table, over `UNKNOWN`.

    Attributes:
        profile: What holds now.
        known: The table's entry; None when the server is not recognised, or was not seen yet.
    """

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        """Begin with what the user says, checked by `told_capabilities`."""
        self._overrides = dict(overrides or {})
        self._recalled: Mapping[str, Any] = {}
        self._learnt: dict[str, Any] = {}
        self._learnt_s = 0
        self._seen: str | None = None
        self.known: Profile | None = None
        self.profile = UNKNOWN.with_facts(self._overrides)

    @property
    def is_seen(self) -> bool:
        """Whether a reply of the server was seen."""
        return self._seen is not None

    @property
    def is_settled(self) -> bool:
        """Whether enough is known to leave the server alone: it was recognised, or probed lately."""
        return self.known is not None or bool(self._learnt)

    @property
    def facts(self) -> dict[str, Any] | None:
        """What is worth remembering for the next run; None when nothing is."""
        if self._seen is None or not self._learnt:
            return None
        return {"seen": self._seen, "learnt_s": self._learnt_s, "capabilities": self._learnt}

    def recall(self, facts: Mapping[str, Any] | None) -> None:
        """Take what an earlier run's `facts` were; they count if the server still looks the same."""
        self._recalled = facts or self.facts or {}
        self._seen = None

    def see(self, fingerprint: Fingerprint) -> None:
        """Take what the server looks like; the first time counts."""
        self._seen = fingerprint.text
        self.known = recognise(fingerprint)
        recalled, age_s = self._recalled, time.time() - float(self._recalled.get("learnt_s", 0))
        if recalled.get("seen") == self._seen and -EXPIRY_S < age_s < EXPIRY_S:
            try:
                self._take(dict(recalled["capabilities"]), int(recalled["learnt_s"]))
                return
            except (KeyError, TypeError, ValueError):
                self._learnt = {}  # another version's: learn afresh
        self._take({}, 0)

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Take what was just found out."""
        self._take(self._learnt | dict(facts), int(time.time()))

    def _take(self, learnt: dict[str, Any], learnt_s: int) -> None:
        self.profile = (self.known or UNKNOWN).with_facts(learnt).with_facts(self._overrides)
        self._learnt, self._learnt_s = learnt, learnt_s
