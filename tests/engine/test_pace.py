"""How many batches run at once, against sides that behave in known ways."""

from __future__ import annotations

from collections.abc import Callable

from syncfs.engine.pace import Pace


def played(pace: Pace, rate: Callable[[int], float], seconds: float, *, start_s: float = 0.0) -> list[int]:
    """Let a side that does `rate(limit)` actions a second work for some time; the limit after each batch."""
    now_s, limits = start_s, []
    while now_s < start_s + seconds:
        limit = pace.limit
        now_s += 1 / rate(limit)
        pace.done(now_s, actions=1, size_bytes=0, took_s=limit / rate(limit), is_strained=False)
        limits.append(pace.limit)
    return limits


def far(limit: int) -> float:
    """A round trip of 20 ms is all that an action costs."""
    return limit / 0.02


def near(limit: int) -> float:
    """One lock is the limit, and every thread more makes it a little dearer."""
    return 3000 / (1 + 0.01 * limit)


def test_it_grows_to_the_most_while_that_moves_more() -> None:
    limits = played(Pace(32, 0.0), far, 3.0)
    assert limits[0] == 8
    assert limits[-1] == 32
    assert limits.index(32) < 60, "it took more than a few round trips"
    assert max(limits) == 32


def test_it_takes_no_more_than_what_gains_something() -> None:
    limits = played(Pace(32, 0.0), near, 3.0)
    assert limits[-1] <= 4
    assert limits.count(32) == 0


def test_it_never_exceeds_what_the_user_allows() -> None:
    for most in (1, 2, 3, 5, 8, 50):
        assert max(played(Pace(most, 0.0), far, 1.0)) == most


def test_it_halves_when_the_other_side_pushes_back_and_comes_back_later() -> None:
    pace = Pace(32, 0.0)
    played(pace, far, 1.0)
    assert pace.limit == 32
    pace.done(1.001, actions=1, size_bytes=0, took_s=0.02, is_strained=True)
    assert pace.limit == 16
    for number in range(8):  # the others of the same crowd
        pace.done(1.002 + number / 1000, actions=1, size_bytes=0, took_s=0.02, is_strained=True)
    assert pace.limit == 16
    limits = played(pace, far, 0.9, start_s=1.02)
    assert max(limits) == 16, "it came back at once"
    assert played(pace, far, 4.0, start_s=2.0)[-1] == 32


def test_a_side_that_keeps_pushing_back_is_left_with_one() -> None:
    pace = Pace(32, 0.0)
    for number in range(200):
        pace.done(number * 0.1, actions=1, size_bytes=0, took_s=0.1, is_strained=True)
    assert pace.limit == 1


def test_a_batch_takes_about_as_long_as_it_should_and_leaves_some_for_the_others() -> None:
    pace = Pace(32, 0.0)
    assert pace.batch(1000) == 1, "nothing is known yet"
    pace.done(0.1, actions=1, size_bytes=0, took_s=0.002, is_strained=False)
    assert pace.batch(1000) == 10
    assert pace.batch(20) == 2
    assert pace.batch(0) == 1
    slow = Pace(32, 0.0)
    slow.done(0.1, actions=1, size_bytes=0, took_s=0.05, is_strained=False)
    assert slow.batch(1000) == 1


def test_between_local_directories_few_threads_take_large_batches() -> None:
    pace = Pace(32, 0.0, is_near=True)
    assert pace.limit == 2
    assert pace.batch(10_000) == 64


def test_what_came_before_the_first_batch_is_no_measure_of_a_level() -> None:
    def thrash(limit: int) -> float:
        """Between two local directories every thread above the second costs as much as it brings."""
        return {1: 4000, 2: 5000}.get(limit, 3000) / 64

    pace = Pace(32, 0.0, is_near=True)
    limits = played(pace, thrash, 3.0, start_s=0.8)  # opening, planning and noting took so long
    assert limits[-1] <= 2
    assert max(limits) == 4
    assert limits.count(4) < 10


def test_between_local_directories_too_it_grows_where_something_is_waited_for() -> None:
    assert played(Pace(32, 0.0, is_near=True), far, 3.0)[-1] == 32


def test_other_processes_are_all_given_work_at_once_unless_the_other_side_pushes_back() -> None:
    pace = Pace(32, 0.0, is_away=True)
    assert set(played(pace, near, 3.0)) == {32}
    pace.done(3.001, actions=1, size_bytes=0, took_s=0.02, is_strained=True)
    assert pace.limit == 16
    assert played(pace, far, 3.0, start_s=3.02)[-1] == 32


def test_what_making_directories_took_says_nothing_of_files() -> None:
    pace = Pace(32, 0.0)
    now_s = 0.0
    for _ in range(200):  # made fast, whatever the level
        now_s += 0.001
        took_s = 0.001 * pace.limit
        pace.done(now_s, actions=1, size_bytes=0, took_s=took_s, is_strained=False, makes_directory=True)
    assert pace.limit <= 8
    assert played(pace, far, 2.0, start_s=now_s)[-1] == 32


def test_directories_made_among_files_do_not_count() -> None:
    pace = Pace(32, 0.0)
    now_s = 0.0
    for number in range(4000):
        limit = pace.limit
        now_s += 0.02 / limit
        is_directory = number % 2 == 0
        took_s = 0.02 if not is_directory else 0.0004 * limit
        pace.done(
            now_s, actions=1, size_bytes=0, took_s=took_s, is_strained=False, makes_directory=is_directory
        )
    assert pace.limit == 32


def test_batches_of_the_level_before_do_not_count_for_the_next_one() -> None:
    pace = Pace(32, 0.0)
    now_s = 0.0
    while pace.limit < 32:
        now_s += 0.02 / pace.limit
        pace.done(now_s, actions=1, size_bytes=0, took_s=0.02, is_strained=False)
    for _ in range(15):  # what sixteen had begun, in batches that were slow
        now_s += 0.02
        pace.done(now_s, actions=1, size_bytes=0, took_s=now_s, is_strained=False)
    assert played(pace, far, 1.0, start_s=now_s)[-1] == 32
    assert pace.batch(100_000) > 1, "it has not settled"


def test_directories_that_take_no_time_do_not_make_batches_of_files_that_do() -> None:
    pace = Pace(32, 0.0)
    for number in range(100):
        took_s = 0.001
        now_s = 0.01 + number / 1000
        pace.done(now_s, actions=1, size_bytes=0, took_s=took_s, is_strained=False, makes_directory=True)
    assert pace.batch(2000) == 1
    pace.done(0.2, actions=1, size_bytes=0, took_s=0.001, is_strained=False)
    assert pace.batch(2000) == 20
