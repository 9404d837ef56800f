"""The table of servers against the servers themselves, and what a probe leaves behind: nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.errors import PathError
from tests.endpoint.webdav.support import endpoint
from tests.servers.proxy import DropAfter, DropBefore, Fault, Proxy, ReplaceBody, Reply
from tests.servers.server import Folder

CAREFUL = {
    "apache-infinity": {"lists_infinitely"},
    "lighttpd": {"heeds_overwrite"},
    "sabre": {"keeps_old_on_abort", "hides_new_on_abort"},
}
"""Where the table trusts a kind of server with less than this one does: Apache is set up so; lighttpd heeds
`Overwrite: F` between files only, which is all that is asked; and PHP's own web server keeps a body back
until it has all of it, which others before sabre/dav do not."""

MOST_REQUESTS = 150
"""138 of WsgiDAV, and six more each time a second ends between two writes that are to be told apart."""


def facts(side: WebdavEndpoint) -> dict[str, Any]:
    return {each.name: each.value for each in side.findings}


@pytest.fixture
def strange(apache_folder: Folder) -> Iterator[tuple[Proxy, Folder]]:
    """Apache behind a proxy that spells its XML otherwise, so that nobody recognises it."""
    with Proxy(apache_folder.url, disguise(b"lp1", b"live")) as proxy:
        yield proxy, apache_folder


def disguise(old: bytes, new: bytes) -> Fault:
    return Fault(ReplaceBody(lambda body: body.replace(old, new)), method="PROPFIND", every=True)


Strange = tuple[Proxy, Folder]


def test_the_table_says_of_each_server_what_a_probe_finds(every_server: Folder) -> None:
    every_server.write({"theirs": "x"})
    side = endpoint(every_server.url)
    assert side.is_settled, "it is not recognised"
    table = facts(side)
    every_server.clear_requests()
    side.learn(anew=True)
    found = facts(side)
    name = every_server.server.name
    assert {key for key in found if found[key] != table[key]} == CAREFUL.get(name, set()), (table, found)
    for key in CAREFUL.get(name, ()):
        assert (table[key], found[key]) == (False, True)
    requests = every_server.requests()
    assert 40 < len(requests) < MOST_REQUESTS, Counter(request.method for request in requests)
    assert every_server.read() == {"theirs": "x"}


def test_a_server_that_nobody_knows_is_probed_once_and_then_used_as_what_it_is(strange: Strange) -> None:
    proxy, folder = strange
    side = endpoint(proxy.url)
    assert not side.is_settled and side.facts is None
    assert side.learn() is False, "times and listings are as they were taken to be"
    assert side.is_settled and facts(side)["keeps_old_on_abort"] is True
    assert facts(side)["name"] == "unknown"
    proxy.clear_requests()
    assert side.learn() is False
    assert proxy.requests() == []
    assert folder.read() == {}

    later = endpoint(proxy.url)
    later.recall(side.facts)
    later.check_root()
    assert later.is_settled and facts(later) == facts(side)
    recognised = endpoint(folder.url)
    recognised.recall(side.facts)
    recognised.check_root()
    assert facts(recognised)["name"] == "Apache", "it looks otherwise: what was learnt is not believed"


@pytest.mark.parametrize(
    ("method", "nth"),
    [("PUT", 1), ("PUT", 9), ("PUT", 20), ("PROPFIND", 2), ("MOVE", 3), ("DELETE", 1), ("MKCOL", 2)],
)
def test_a_probe_that_fails_half_way_leaves_nothing(strange: Strange, method: str, nth: int) -> None:
    proxy, folder = strange
    side = endpoint(proxy.url)
    proxy.clear_faults()
    action = (DropBefore(), DropAfter(), Reply(503))[nth % 3]
    fault = proxy.add(Fault(action, method=method, nth=nth))
    side.learn()
    assert fault.fired == (fault.seen >= nth)
    assert folder.read() == {}


def test_where_nothing_may_be_made_nothing_is_found_out_and_a_user_who_asks_is_told(strange: Strange) -> None:
    proxy, folder = strange
    side = endpoint(proxy.url)
    proxy.add(Fault(Reply(403), method="MKCOL", every=True))
    assert side.learn() is False and not side.is_settled and side.facts is None
    with pytest.raises(PathError, match=r"tells nothing about itself: .*status 403"):
        side.learn(anew=True)
    assert folder.read() == {}


def test_a_server_that_refuses_the_size_is_not_taken_for_one_that_keeps_the_old_file(
    strange: Strange,
) -> None:
    proxy, folder = strange
    side = endpoint(proxy.url)
    proxy.add(Fault(Reply(413), method="PUT", path_regex="/whole$", every=True))
    assert side.learn() is False
    assert not side.is_settled and facts(side)["keeps_old_on_abort"] is False
    assert folder.read() == {}


def test_what_a_killed_probe_left_is_collected_by_the_next(strange: Strange) -> None:
    proxy, folder = strange
    folder.write(
        {
            ".syncfs-probe-1700000000-dead/f": "x",
            "syncfs-tmp-probe-1700000000-dead/f": "x",
            ".syncfs-probe-9700000000-live/f": "another's, at work",
            ".syncfs/trash/f": "kept",
        }
    )
    endpoint(proxy.url).learn()
    assert folder.read() == {
        ".syncfs-probe-9700000000-live/f": "another's, at work",
        ".syncfs/trash/f": "kept",
    }


def test_a_probe_is_none_of_the_users_files(every_server: Folder) -> None:
    every_server.write({"syncfs-tmp-probe-1-x/f": "x", "f": "theirs"})
    assert set(endpoint(every_server.url).list("").entries) == {"f"}
