"""The server's clock, learned from the `Date` of its replies."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["Clock", "parse_http_date"]

SECOND_NS = 1_000_000_000
_SLACK_NS = SECOND_NS // 10  # servers stamp a cached time; kernels stamp files with a tick's age
_FRESH_NS = 3 * SECOND_NS

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_days: dict[str, int] = {}


@lru_cache(maxsize=512)
def parse_http_date(text: str) -> int | None:
    """Read an HTTP date as whole seconds since the epoch; None when it is not one.

    Remembers the last ones: all replies of a second show the same. Slices the usual form and remembers the
    day, which a directory's files mostly share; the two old forms (RFC 9110, section 5.6.7) take the
    standard library's way.

    >>> parse_http_date("Sun, 22 Nov 2026 14:30:05 GMT")
    1795357805
    """
    if len(text) == 29 and text.endswith(" GMT") and text[19] == ":" == text[22]:
        day_text = text[5:16]
        try:
            day = _days.get(day_text)
            if day is None:
                day = _day_number(day_text)
                if len(_days) > 4096:
                    _days.clear()
                _days[day_text] = day
            return _credible(day * 86400 + int(text[17:19]) * 3600 + int(text[20:22]) * 60 + int(text[23:25]))
        except (ValueError, KeyError):
            return None
    from email.utils import parsedate_to_datetime

    try:
        return _credible(int(parsedate_to_datetime(text).timestamp()))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _credible(seconds: int) -> int | None:
    """A time that fits 64 bits of nanoseconds (1677 to 2262), as stores and file systems keep it."""
    return seconds if abs(seconds) < 1 << 33 else None


def _day_number(text: str) -> int:
    """Days since the epoch of `22 Nov 2026` (Howard Hinnant, days_from_civil)."""
    day, month, year = int(text[:2]), _MONTHS[text[3:6]], int(text[7:])
    if not 1 <= day <= 31:
        raise ValueError(text)
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


class Clock:
    """Bounds on the difference between the server's clock and ours.

    Each reply was stamped between its request's start and its end, with a grain of a second: that bounds
    the difference from both sides, wherever in between the stamp was made (Apache stamps the arrival of
    the request, others the start of the reply). The bounds of many replies intersect to far less than a
    second. When they contradict each other a clock was set, and the newest count.
    """

    def __init__(self) -> None:
        self._bounds: tuple[int, int] | None = None

    def observe(self, date_s: int, before_ns: int, after_ns: int) -> None:
        """Learn from one reply: its `Date`, and our clock before the request and after the reply."""
        low = date_s * SECOND_NS - after_ns - _SLACK_NS
        high = (date_s + 1) * SECOND_NS - before_ns + _SLACK_NS
        bounds = self._bounds
        if bounds is not None and max(low, bounds[0]) <= min(high, bounds[1]):
            low, high = max(low, bounds[0]), min(high, bounds[1])
        self._bounds = (low, high)  # one assignment: threads may lose a refinement, never mix two

    @property
    def skew_ns(self) -> int | None:
        """The server's clock minus ours; None before the first dated reply."""
        bounds = self._bounds
        return None if bounds is None else (bounds[0] + bounds[1]) // 2

    def window(self, start_ns: int, end_ns: int) -> tuple[int | None, int | None]:
        """What mtimes, in whole seconds, the server can have given to something done in this time of ours."""
        bounds = self._bounds
        if bounds is None:
            return None, None
        earliest = (start_ns + bounds[0] - _SLACK_NS) // SECOND_NS * SECOND_NS
        return earliest, end_ns + bounds[1] + _SLACK_NS

    def is_fresh(self, mtime_ns: int | None, now_ns: int) -> bool:
        """Whether a file may be so young that Apache still calls its entity tag weak (about 2 s)."""
        bounds = self._bounds
        return bounds is None or mtime_ns is None or mtime_ns >= now_ns + bounds[0] - _FRESH_NS
