"""Dates, clocks, entity tags and addresses."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncfs.endpoint.webdav.clock import Clock, parse_http_date
from syncfs.endpoint.webdav.etag import normalised_etag, proves_content, tells_size
from syncfs.endpoint.webdav.location import Location, decoded_segments, quoted

S = 1_000_000_000


@given(st.integers(min_value=-2_000_000_000, max_value=8_500_000_000))
def test_every_date_is_read_as_it_was_written(seconds: int) -> None:
    assert parse_http_date(formatdate(seconds, usegmt=True)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "Sun, 99 Nov 2026 14:30:05 GMT", "Sun, 22 Foo 2026 14:30:05 GMT", "0"),
        # Nobody can keep these in nanoseconds.
        *("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31-Dec-9999 23:59:59 GMT"),
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


def test_the_two_old_forms_of_dates_are_read() -> None:
    assert parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777
    assert parse_http_date("Sun Nov  6 08:49:37 1994") == 784111777


def test_a_write_is_bounded_by_the_servers_clock_wherever_the_reply_is_stamped() -> None:
    ahead = 3600 * S
    for stamped_at in (100 * S, 160 * S):  # when it came, and when it was answered
        clock = Clock()
        clock.observe((stamped_at + ahead) // S, 100 * S, 160 * S)
        clock.observe((200 * S + ahead) // S, 200 * S, 200 * S + S // 100)
        earliest, latest = clock.window(100 * S, 160 * S)
        assert earliest is not None and latest is not None
        assert earliest <= 100 * S + ahead and 160 * S + ahead <= latest
        assert latest - earliest < 64 * S
        assert clock.skew_ns == pytest.approx(ahead, abs=0.7 * S)


def test_a_clock_that_was_set_is_followed() -> None:
    clock = Clock()
    clock.observe(1000, 1000 * S, 1000 * S)
    clock.observe(5000, 1001 * S, 1001 * S)
    assert clock.skew_ns == pytest.approx(3999 * S, abs=S)


def test_without_a_date_nothing_is_known_and_everything_is_fresh() -> None:
    assert Clock().window(0, 1) == (None, None)
    assert Clock().is_fresh(0, 10**18)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ('"abc"', "abc"),
        ('W/"abc"', "abc"),
        ("abc", "abc"),
        ("&quot;abc&quot;", "abc"),
        ('"abc-gzip"', "abc"),
        (' "abc" ', "abc"),
        ("", None),
        ('""', None),
        (None, None),
    ],
)
def test_tags_are_brought_to_one_form(text: str | None, tag: str | None) -> None:
    assert normalised_etag(text) == tag


def test_a_tag_of_size_and_whole_seconds_proves_nothing() -> None:
    mtime_ns = 1795412376 * S
    assert not proves_content("2179627-1795412376-3", mtime_ns)  # WsgiDAV
    assert not proves_content(f"{1795412376:x}-3", mtime_ns)  # nginx
    assert not proves_content(None, mtime_ns)
    assert proves_content("3-660eb04ee86b2", mtime_ns)  # Apache
    assert proves_content("18ea960b48a7fa6d3", mtime_ns)  # rclone


def test_a_tag_may_tell_the_size() -> None:
    assert tells_size("2179627-1795412376-300", 300)
    assert tells_size("12c-660eb04ee86b2", 300)
    assert not tells_size("18ea960b48a7fa6d3", 300)
    assert not tells_size(None, 3)


names = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1)


@given(st.lists(names.filter(lambda n: n not in (".", "..")), min_size=1))
def test_a_path_survives_its_address(parts: list[str]) -> None:
    location = Location.parse("http://h/", "", None)
    target = location.target("/".join(parts))
    assert target.isascii() and not set(target) & set(" ?#\\")
    assert decoded_segments(target) == tuple(parts)


def test_bytes_that_are_no_utf8_survive_too() -> None:
    assert decoded_segments("/" + quoted("a\udcffb")) == ("a\udcffb",)


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("http://Host:80/", "", "webdav://host/"),
        ("https://host:443/d%61v/", "", "webdavs://host/dav"),
        ("https://host:8443/dav", "a b", "webdavs://host:8443/dav/a%20b"),
        ("http://[::1]:81", "x", "webdav://[::1]:81/x"),
        ("http://ann:secret@host/dav", "/x/", "webdav://ann@host/dav/x"),
    ],
)
def test_one_place_has_one_spelling_without_a_secret(base: str, path: str, url: str) -> None:
    user = "ann" if "ann" in base else None
    assert Location.parse(base, path, user).url == url
