"""How many transfers at once: found out while they run, as what limits them is not known before.

Decisions:
    One level after another is tried, from eight upwards in doublings, for as long as each moves clearly more
    than the one before it; then the lowest level that is nearly as fast is kept, since connections that gain
    nothing cost the server something. With a round trip of 20 ms that ends at 32 after three windows, on
    one machine without lag at eight or fewer: there the interpreter's lock is the limit, and every thread
    more makes it dearer. What was measured is forgotten after a few seconds: lines change.

    What a level moves is what its batches moved in the time each took, times the level. Counted are only
    batches that began at this level, and directories only until the first file: first pushes at 20 ms were
    held at 16 for seconds, because 16 had been measured with MKCOLs, and 32 with the first PUTs, whose
    batches are longer and were still under way when the window was over. Nor do directories say how many
    files make a batch: a pull makes its own in a millisecond each, and began with 20 files of 20 ms in a row.

    Between two directories of this machine it begins at two, with batches as large as they may be: nothing
    is waited for there, and what a batch takes is the interpreter's lock shared with the others.

    To hand a batch over costs two changes of threads, as much as all else that the coordinator does for it,
    and a batch of one opens its directory anew. So batches are long once the level is found; while it is
    looked for they are short, or each try of a level would take a second.

    Where other processes do the work, how many they are was chosen by whoever set them up: all are given work
    from the first moment, and only a server that pushes back has fewer. To hand a batch over costs
    milliseconds of several of them, so batches aim at half a second.

    Where the other side pushes back (429, 503, a timeout, a hung-up connection) the ceiling is halved at
    once, and rises by one level a second while it does not.
"""

from __future__ import annotations

__all__ = ["Pace"]

START = 8
START_NEAR = 2
GAIN = 1.1
"""A level is better than another when it moves so many times as much."""
GAIN_NEAR = 1.5
"""The same where nothing is waited for: a level tried for nothing costs twice the processor's time."""
WINDOW_S = 0.04
FORGET_S = 4.0
RECOVER_S = 1.0
BATCH_S = 0.02
"""How long one batch should take while the level is looked for."""
SETTLED_BATCH_S = 0.25
"""The same once it is found: then handing it over costs next to nothing, and the end is still near."""
BATCH_AWAY_S = 0.1
SETTLED_BATCH_AWAY_S = 0.5
"""The same two where other processes do the work."""
MOST_IN_BATCH = 64
UNIT_BYTES = 256 << 10
"""What is moved is counted in actions and in pieces of so many bytes."""


class Pace:
    """Says how many batches may run at once, and how many actions make one; used by one thread.

    Args:
        most: The most batches at once.
        now_s: When the run begins, by the clock that all other times are of.
        is_near: Nothing that is done waits for another machine.
        is_away: Other processes do it.
    """

    def __init__(self, most: int, now_s: float, *, is_near: bool = False, is_away: bool = False) -> None:
        self._levels = [level for level in (1, 2, 4, 8, 16, 32, 64, 128, 256) if level < most] + [most]
        start = most if is_away else START_NEAR if is_near else START
        self._at = max(number for number, level in enumerate(self._levels) if level <= start or not number)
        self._is_near, self._is_away = is_near, is_away
        self._batch_s, self._settled_batch_s = BATCH_S, SETTLED_BATCH_S
        if is_away:
            self._batch_s, self._settled_batch_s = BATCH_AWAY_S, SETTLED_BATCH_AWAY_S
        self._gain = GAIN_NEAR if is_near else GAIN
        self._rates: list[float | None] = [None] * len(self._levels)
        self._ceiling = len(self._levels) - 1
        self._strained_s = self._forgot_s = self._window_s = now_s
        self._units = self._seconds = 0.0
        self._batches = 0
        self._has_begun = self._has_moved = False
        self._seconds_each = 0.0
        self._is_settled = False

    @property
    def limit(self) -> int:
        """How many batches may run at once."""
        return self._levels[self._at]

    def batch(self, waiting: int) -> int:
        """How many of so many waiting small actions make one batch; at least 1."""
        fair = waiting // (2 * self.limit) + 1  # so that all threads end at about the same time
        if self._is_near:
            return min(MOST_IN_BATCH, fair)
        if not self._seconds_each:
            return 1
        seconds = self._settled_batch_s if self._is_settled else self._batch_s
        return max(1, min(MOST_IN_BATCH, fair, round(seconds / self._seconds_each)))

    def done(
        self,
        now_s: float,
        *,
        actions: int,
        size_bytes: int,
        took_s: float,
        is_strained: bool,
        makes_directory: bool = False,
    ) -> None:
        """Take what one batch did.

        Args:
            now_s: When it was done.
            actions: How many actions it held.
            size_bytes: How many bytes it moved.
            took_s: From handing it over to having its outcomes.
            is_strained: The other side asked for less, or did not keep up.
            makes_directory: It was a directory that was made, which says little about files.
        """
        if not makes_directory:
            each_s = took_s / max(actions, 1)
            self._seconds_each = 0.8 * self._seconds_each + 0.2 * each_s if self._seconds_each else each_s
        is_of_level = now_s - took_s >= self._window_s
        if is_strained:
            self._back_off(now_s, is_of_level=is_of_level)
            return
        if not self._has_begun or not (makes_directory or self._has_moved):
            # What came before it (opening both sides, noting what will be done) was no work of this level.
            self._has_begun, self._has_moved = True, not makes_directory
            self._is_settled = False
            self._rates = [None] * len(self._levels)
            self._begin_window(now_s)
            return
        if is_of_level and not (makes_directory and self._has_moved):
            self._units += actions + size_bytes / UNIT_BYTES
            self._seconds += took_s
            self._batches += 1
        if self._ceiling < len(self._levels) - 1 and now_s - self._strained_s >= RECOVER_S:
            self._ceiling += 1
            self._strained_s = now_s
        elapsed_s = now_s - self._window_s
        if elapsed_s >= WINDOW_S and self._batches >= self.limit:
            self._close_window(now_s, self.limit * self._units / max(self._seconds, 1e-9))

    def _back_off(self, now_s: float, *, is_of_level: bool) -> None:
        if not is_of_level and self._strained_s == self._window_s:
            return  # the same crowd that was thinned out already
        self._ceiling = self._at = max(0, self._at - 1)
        self._is_settled = False
        self._rates = [None] * len(self._levels)
        self._begin_window(now_s)
        self._strained_s = now_s

    def _close_window(self, now_s: float, rate: float) -> None:
        if now_s - self._forgot_s >= FORGET_S:
            self._rates = [None] * len(self._levels)
            self._forgot_s = now_s
        before = self._rates[self._at]
        self._rates[self._at] = rate if before is None else (before + rate) / 2
        at, self._at = self._at, self._next()
        self._is_settled = at == self._at
        self._begin_window(now_s)

    def _begin_window(self, now_s: float) -> None:
        self._window_s = now_s
        self._units = self._seconds = 0.0
        self._batches = 0

    def _next(self) -> int:
        """The level to try now: one that is not known and may be better, else the best that is known."""
        if self._is_away:
            return self._ceiling
        at, rates = self._at, self._rates
        here = rates[at]
        assert here is not None
        below = rates[at - 1] if at else None
        if at < self._ceiling and rates[at + 1] is None and (below is None or here > self._gain * below):
            return at + 1
        known = [(number, rate) for number, rate in enumerate(rates) if rate is not None]
        best = max(rate for number, rate in known if number <= self._ceiling)
        least = min(number for number, rate in known if rate * self._gain >= best)
        if least and rates[least - 1] is None and rates[min(least + 1, self._ceiling)] is not None:
            return least - 1
        return min(least, self._ceiling)
