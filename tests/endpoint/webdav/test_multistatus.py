"""Multistatus bodies as eight servers write them, and as a hostile or broken one might."""

import pytest

from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.endpoint.webdav import multistatus
from syncfs.endpoint.webdav.extra import Extra, propfind_body
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.multistatus import MalformedReplyError, Multistatus, MultistatusParser

HERE = Location.parse("http://host:8080/dav/", "", None)
OK = "<D:status>HTTP/1.1 200 OK</D:status>"
FOLDER = f"<D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop>{OK}</D:propstat>"
FILE = (
    "<D:propstat><D:prop><D:resourcetype/><D:getcontentlength>5</D:getcontentlength>"
    "<D:getlastmodified>Sun, 22 Nov 2026 14:30:05 GMT</D:getlastmodified>"
    f'<D:getetag>W/"5-64a"</D:getetag></D:prop>{OK}</D:propstat>'
)
ENTRY = Entry(Kind.FILE, 5, 1795357805_000_000_000, "5-64a")


def response(href: str, inside: str = FILE) -> str:
    return f"<D:response><D:href>{href}</D:href>{inside}</D:response>"


SELF = response("/dav/d/", FOLDER)


def body(*responses: str) -> bytes:
    inside = "\n".join(responses)
    return f'<?xml version="1.0"?>\n<D:multistatus xmlns:D="DAV:">{inside}</D:multistatus>'.encode()


def parse(data: bytes, target: str = "/dav/d/", step: int = 0) -> Multistatus:
    parser = MultistatusParser(HERE, target)
    step = step or (7 if len(data) < 100_000 else 4096)
    for start in range(0, len(data), step):
        parser.feed(data[start : start + step])
    return parser.close()


@pytest.mark.parametrize("itself", ["/dav/d/", "/dav/d", "http://host:8080/dav/d/", "HTTP://HOST:8080/dav/d"])
@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("/dav/d/f.txt", "f.txt"),
        ("http://host:8080/dav/d/f.txt", "f.txt"),
        ("f.txt", "f.txt"),
        ("./f.txt", "f.txt"),
        ("/dav/d/a%20b", "a b"),
        ("/dav/d/a b", "a b"),
        ("/dav/d/pct%2541", "pct%41"),
        ("/dav/d/per%25cent", "per%cent"),
        ("/dav/d/raw%zz", "raw%zz"),
        ("/dav/d/q?x", "q?x"),
        ("/dav/d/hash#x", "hash#x"),
        ("/dav/d/semi;x", "semi;x"),
        ("/dav/d/amp&amp;x", "amp&x"),
        ("/dav/d/plus+x", "plus+x"),
        ("/dav/d/caf%C3%A9", "café"),
        ("/dav/d/café", "café"),
        ("/dav/d/bad%FF", "bad\udcff"),
        ("/%64av/d/f", "f"),
        ("\n  /dav/d/f\n", "f"),
    ],
)
def test_every_spelling_of_an_address_gives_the_name(itself: str, href: str, name: str) -> None:
    assert parse(body(response(itself, FOLDER), response(href))).children == {name: ENTRY}


def test_directories_come_with_or_without_a_slash() -> None:
    found = parse(body(SELF, response("/dav/d/a/", FOLDER), response("/dav/d/b", FOLDER)))
    assert found.itself == DIRECTORY
    assert found.children == {"a": DIRECTORY, "b": DIRECTORY}


def test_properties_of_a_failed_propstat_are_not_there() -> None:
    failed = (
        "<D:propstat><D:prop><D:getcontentlength>7</D:getcontentlength></D:prop>"
        "<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
    )
    assert parse(body(SELF, response("/dav/d/f", FILE + failed))).children == {"f": ENTRY}
    assert parse(body(SELF, response("/dav/d/f", failed))).children["f"].kind is Kind.UNREADABLE


def test_an_entry_that_may_not_be_looked_at_is_unreadable() -> None:
    refused = "<D:status>HTTP/1.1 403 Forbidden</D:status>"
    assert parse(body(SELF, response("/dav/d/f", refused))).children["f"].kind is Kind.UNREADABLE


def test_two_things_under_one_name_are_unreadable_and_one_thing_twice_is_one() -> None:
    twice = parse(body(SELF, response("/dav/d/f"), response("/dav/d/f")))
    assert twice.children == {"f": ENTRY}
    clash = parse(body(SELF, response("/dav/d/f"), response("/dav/d/f/", FOLDER)))
    assert clash.children["f"].kind is Kind.UNREADABLE


def test_facets_that_make_no_sense_are_unknown() -> None:
    odd = (
        "<D:propstat><D:prop><D:resourcetype/><D:getcontentlength>-5</D:getcontentlength>"
        f"<D:getlastmodified>yesterday</D:getlastmodified><D:getetag/></D:prop>{OK}</D:propstat>"
    )
    assert parse(body(SELF, response("/dav/d/f", odd))).children == {"f": Entry(Kind.FILE)}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cut short"),
        (body(SELF)[:-5], "cut short"),
        (body(SELF, response("/dav/d/f"))[:150], "cut short"),
        (b"not xml at all", "well-formed"),
        (b"<html><body/></html>", "no WebDAV listing"),
        (b'<x:multistatus xmlns:x="other"/>', "no WebDAV listing"),
        (body(), "does not tell of the directory itself|directory that was asked for"),
        (body(response("/dav/d/f")), "asked for"),
        (body(SELF, response("/dav/e/f")), "not in this directory"),
        (body(SELF, response("/dav/d/a/b")), "not in this directory"),
        (body(SELF, response("/dav/d/../f")), "not in this directory|not a file's name"),
        (body(SELF, response("/dav/d/..")), "not a file's name"),
        (body(SELF, response("/dav/d/%2e%2e")), "not a file's name"),
        (body(SELF, response("/dav/d/a%2Fb")), "no file's name can hold"),
        (body(SELF, response("/dav/d/a%00b")), "no file's name can hold"),
        (body(SELF, response("//evil/dav/d/f")), "not in this directory"),
        (body(SELF, response("http://evil/dav/d/f")), "another host"),
        (body(SELF, response("https://host:8080/dav/d/f")), "another host"),
        (body(SELF, f"<D:response>{FILE}</D:response>"), "without an address"),
        (body(SELF, response("/dav/d/" + "x" * 70_000)), "too long"),
        (body(SELF, "<a>" * 40), "too deeply"),
        (body(SELF, "<!--" + "x" * 600_000 + "-->"), "tag or a comment that is too long"),
        (body(SELF, f"<a b='{'x' * 600_000}'/>"), "tag or a comment that is too long"),
        (body(SELF, *(f"<a{number}/>" for number in range(5000))), "too many names"),
        (body(SELF, *(f"<a xmlns:b{number}='c'/>" for number in range(5000))), "too many names"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]>' + body(SELF)[22:], "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
    ],
)
def test_what_is_no_complete_listing_of_this_directory_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        parse(data)
    assert any(part in str(caught.value) for part in reason.split("|")), caught.value


@pytest.mark.parametrize("name", ["{}", "same"])
def test_what_a_listing_takes_is_bounded_however_it_is_filled(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multistatus, "_MAX_MEMORY_BYTES", 1 << 20)
    parser = MultistatusParser(HERE, "/dav/d/")
    parser.feed(b'<D:multistatus xmlns:D="DAV:">' + SELF.encode())
    with pytest.raises(MalformedReplyError, match="too many entries"):
        for number in range(5000):
            parser.feed(response("/dav/d/" + name.format(number)).encode())
    assert parser.memory_bytes < (1 << 20) + 1000


def test_a_directory_of_a_hundred_thousand_entries_is_no_attack() -> None:
    whole = body(SELF, *(response(f"/dav/d/a usual name {number}.jpeg") for number in range(100_000)))
    assert len(parse(whole, step=65536).children) == 100_000


def test_a_size_that_nobody_can_keep_is_unknown() -> None:
    odd = FILE.replace(">5<", f">{10**19}<")
    assert parse(body(SELF, response("/dav/d/f", odd))).children["f"].size_bytes is None


def test_a_message_repeats_no_userinfo() -> None:
    with pytest.raises(MalformedReplyError) as caught:
        parse(body(SELF, response("http://ann:s3cret@evil/dav/d/f")))
    assert "s3cret" not in str(caught.value)


NOTE = "urn:x note"
NOTED = FILE.replace("</D:prop>", '<X:note xmlns:X="urn:x"><X:a>one</X:a>two</X:note></D:prop>')


def test_extra_properties_are_told_of_each_resource_and_may_say_more_of_its_entry() -> None:
    extra = Extra((NOTE, "DAV: getetag"), lambda entry, found: entry._replace(digest=found.get(NOTE)))
    parser = MultistatusParser(HERE, "/dav/d/", extra)
    parser.feed(body(SELF, response("/dav/d/a", NOTED), response("/dav/d/b")))
    status = parser.close()
    assert status.children == {"a": ENTRY._replace(digest="onetwo"), "b": ENTRY}
    assert status.extra == {
        "": {},
        "a": {NOTE: "onetwo", "DAV: getetag": 'W/"5-64a"'},
        "b": {"DAV: getetag": 'W/"5-64a"'},
    }
    assert parse(body(SELF, response("/dav/d/a", NOTED))).extra == {}


def test_extra_properties_are_asked_for_beside_the_others() -> None:
    asked = propfind_body(Extra((NOTE, "DAV: getetag")))
    assert asked.count(b'<X:note xmlns:X="urn:x"/>') == 1 and asked.count(b"getetag") == 1
