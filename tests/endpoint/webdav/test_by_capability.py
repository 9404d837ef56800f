"""What is done because of what a server can do, on the servers that can and those that cannot."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.core.entry import Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.webdav import WebdavEndpoint, open_url
from syncfs.errors import StaleEntryError, UnsupportedNameError
from syncfs.testing import write_tree
from tests.endpoint.webdav.support import age, content, endpoint, methods, seen, write
from tests.endpoint.webdav.test_probing import Strange, disguise, facts
from tests.servers.faults import Repeat
from tests.servers.proxy import CutReply, CutRequest, Fault, Proxy, Reply
from tests.servers.server import Folder, Server

Named = Callable[[str], Server]
BIG = os.urandom(3 * CHUNK_BYTES + 17)
MTIME_NS = 1_700_000_000_987_654_321


def dav(url: str) -> str:
    return url.replace("http://", "webdav://", 1)


@pytest.fixture
def src(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))
    made = tmp_path / "src"
    made.mkdir()
    return made


@pytest.fixture
def strange(apache_folder: Folder) -> Iterator[Strange]:
    with Proxy(apache_folder.url, disguise(b"lp1", b"live")) as proxy:
        yield proxy, apache_folder


# -- probing in runs ---------------------------------------------------------------------------------


def writes(proxy: Proxy) -> list[str]:
    return [each.method for each in proxy.requests() if each.method not in ("PROPFIND", "GET")]


def test_a_run_that_writes_probes_once_and_the_next_one_knows(strange: Strange, src: Path) -> None:
    proxy, folder = strange
    (src / "a").write_text("1")
    assert Syncer(src, dav(proxy.url)).push().copied == 1
    first = writes(proxy)
    assert len(first) > 20, "it did not probe"
    proxy.clear_requests()
    (src / "b").write_text("2")
    assert Syncer(src, dav(proxy.url)).push().copied == 1
    assert writes(proxy) == ["PUT"], "it probed again, or does not know what it found"
    assert folder.read() == {"a": "1", "b": "2"}


def test_neither_a_dry_run_nor_a_source_nor_a_run_with_nothing_to_do_is_written_to(
    strange: Strange, src: Path, tmp_path: Path
) -> None:
    proxy, folder = strange
    (src / "a").write_text("1")
    assert Syncer(src, dav(proxy.url)).push(dry_run=True).copied == 1
    Syncer(src, dav(proxy.url)).plan("sync")
    folder.write({"theirs": "x"})
    there = tmp_path / "there"
    assert Syncer(dav(proxy.url), there).push().copied == 1
    (src / "a").unlink()
    Syncer(there, dav(proxy.url)).sync()
    assert writes(proxy) == []


def test_what_was_found_expires_and_a_server_that_looks_otherwise_is_probed_again(
    strange: Strange, src: Path, tmp_path: Path
) -> None:
    proxy, _ = strange

    def probes() -> bool:
        proxy.clear_requests()
        (src / f"{time.monotonic_ns()}").write_text("1")
        assert Syncer(src, dav(proxy.url)).push().copied == 1
        return len(writes(proxy)) > 20

    assert probes() and not probes()
    (state,) = (tmp_path / "state").rglob("*.sqlite")
    with sqlite3.connect(state) as connection:
        (text,) = connection.execute("SELECT value FROM meta WHERE key = 'facts_right'").fetchone()
        old = text.replace('"learnt_s": 1', '"learnt_s": 0')  # a digit less: decades ago
        connection.execute("UPDATE meta SET value = ? WHERE key = 'facts_right'", (old,))
    connection.close()
    assert old != text
    assert probes() and not probes()
    proxy.clear_faults()
    proxy.add(disguise(b"lp1", b"other"))
    assert probes() and not probes()


def test_a_user_knows_better(strange: Strange) -> None:
    proxy, _ = strange
    said = '{"keeps_old_on_abort": false, "lists_dotfiles": false}'
    side = open_url(dav(proxy.url), {"capabilities": said}, side="dst")
    side.check_root()
    assert side.capabilities.lists_dotfiles is False
    side.learn()
    proxy.clear_requests()
    write(side, "f", b"x")
    assert writes(proxy) == ["PUT", "MOVE"]
    assert "/syncfs-tmp-" in proxy.requests()[0].path


# -- conditions --------------------------------------------------------------------------------------


def test_a_412_for_no_reason_is_told_from_a_real_one(lighttpd: Folder) -> None:
    lighttpd.write({"f": "old", "g": "old"})
    with Proxy(lighttpd.url) as proxy:
        side = endpoint(proxy.url)
        entry = seen(side, "f")
        proxy.add(Fault(Reply(412), method="PUT"))
        proxy.add(Fault(Reply(412), method="DELETE"))
        proxy.clear_requests()
        write(side, "f", b"new", entry)
        assert [each.method for each in proxy.requests()] == ["PUT", "PROPFIND", "PUT"]
        side.remove_file("g", expect=seen(side, "g"))
        assert lighttpd.read() == {"f": "new"}
        entry = seen(side, "f")
        lighttpd.write({"f": "theirs"})
        with pytest.raises(StaleEntryError):
            write(side, "f", b"ours", entry)
        with pytest.raises(StaleEntryError):
            side.remove_file("f", expect=entry)
    assert lighttpd.read() == {"f": "theirs"}


@pytest.fixture
def lighttpd(server_named: Named) -> Folder:
    return server_named("lighttpd").folder()


def test_where_a_move_overwrites_anyway_a_look_guards_it(strange: Strange) -> None:
    proxy, folder = strange
    side = open_url(
        dav(proxy.url), {"capabilities": {"heeds_overwrite": False, "heeds_if_none_match": False}}, side="dst"
    )
    side.check_root()
    folder.write({"f": "theirs", "g": "x"})
    proxy.clear_requests()
    with pytest.raises(StaleEntryError, match="appeared"):
        write(side, "f", b"ours")
    with pytest.raises(StaleEntryError, match="appeared"):
        side.move("g", "f", expect=seen(side, "g"))
    assert "MOVE" not in writes(proxy)
    assert folder.read() == {"f": "theirs", "g": "x"}


@pytest.mark.parametrize("size_bytes", [1000, 3 << 20])
def test_what_was_cut_off_is_staged_anew_under_another_name(
    wsgidav_folder: Folder, src: Path, size_bytes: int
) -> None:
    """The server may still be writing what it has of the first."""
    (src / "f").write_bytes(b"x" * size_bytes)
    with Proxy(wsgidav_folder.url) as proxy:
        proxy.add(Fault(CutRequest(size_bytes // 2), method="PUT"))
        report = Syncer(src, dav(proxy.url)).push()
        staged = [each.path for each in proxy.requests() if each.method == "PUT"]
    assert report.ok and report.copied == 1
    assert (wsgidav_folder.root / "f").read_bytes() == b"x" * size_bytes
    assert len(staged) == len({*staged}) == 2


@pytest.mark.parametrize("size_bytes", [1000, 3 << 20])
def test_a_file_that_a_repeated_move_took_away_is_put_there_again(
    rclone_folder: Folder, src: Path, size_bytes: int
) -> None:
    """rclone clears a MOVE's target before it looks for what is to be moved."""
    with Proxy(rclone_folder.url) as proxy:
        syncer = Syncer(src, dav(proxy.url))
        (src / "f").write_bytes(b"one")
        assert syncer.push().ok
        (src / "f").write_bytes(b"x" * size_bytes)
        proxy.add(Fault(Repeat(), method="MOVE"))
        report = syncer.push()
    assert report.ok and report.copied == 1
    assert (rclone_folder.root / "f").read_bytes() == b"x" * size_bytes


def test_a_size_or_a_quota_that_is_refused_leaves_the_old_file(every_server: Folder) -> None:
    every_server.write({"f": "old"})
    with Proxy(every_server.url) as proxy:
        side = endpoint(proxy.url)
        entry = seen(side, "f")
        for status, said in ((413, "does not take files of this size"), (507, "no space left")):
            proxy.add(Fault(Reply(status), method="PUT"))
            with pytest.raises(OSError, match=said):
                write(side, "f", b"new", entry)
            proxy.clear_faults()
    assert every_server.read() == {"f": "old"}


# -- what was written ----------------------------------------------------------------------------------


def test_a_tag_that_the_reply_named_tells_ours_from_a_strangers_write(lighttpd: Folder, src: Path) -> None:
    write_tree(src, {f"f{number}": "x" for number in range(5)})
    push = Syncer(src, dav(lighttpd.url)).push
    lighttpd.clear_requests()
    assert push().copied == 5
    assert sorted(methods(lighttpd)) == ["PROPFIND1"] * 2 + ["PUT"] * 5
    lighttpd.clear_requests()
    (lighttpd.root / "f0").write_text("y")  # a stranger, in the same second, of the same size
    report = push()
    assert [conflict.path for conflict in report.conflicts] == ["f0"], "a stranger's edit passed for ours"
    assert report.copied == 1
    (src / "f1").unlink()
    assert Syncer(src, dav(lighttpd.url), delete="synced").push().removed == 1


def test_a_name_that_was_written_but_never_listed_is_no_deletion(server_named: Named, src: Path) -> None:
    nginx = server_named("nginx").folder()
    (src / ".hidden").write_text("x")
    report = Syncer(src, dav(nginx.url)).sync()
    assert [problem.kind for problem in report.problems] == ["unlisted"]
    Syncer(src, dav(nginx.url)).sync()
    assert (src / ".hidden").read_text() == "x"


def test_mtimes_are_kept_where_they_can_be(rclone_folder: Folder, src: Path, tmp_path: Path) -> None:
    write_tree(src, {"d/f": "small", "big": BIG})
    for name in ("d/f", "big"):
        os.utime(src / name, ns=(MTIME_NS, MTIME_NS))
    url = dav(rclone_folder.url)
    assert Syncer(src, url).push().copied == 2
    assert {int((rclone_folder.root / name).stat().st_mtime) for name in ("d/f", "big")} == {1_700_000_000}
    assert Syncer(src, url).push().copied == 0
    rclone_folder.clear_requests()
    report = Syncer(src, url, state=str(tmp_path / "another")).push()
    assert (report.copied, report.ok) == (0, True)
    assert set(methods(rclone_folder)) == {"PROPFIND1"}, "equal times need no reading"


def test_a_server_that_takes_no_mtime_after_all_is_found_out_by_the_first_file(
    apache_folder: Folder,
) -> None:
    side = open_url(dav(apache_folder.url), {"capabilities": {"sets_mtime": "X-OC-Mtime"}}, side="dst")
    side.check_root()
    apache_folder.clear_requests()
    for name in ("a", "b"):
        sent = Content(size_bytes=1, chunks=iter([b"x"]), mtime_ns=MTIME_NS)
        written = side.write(name, sent, expect=None, token=f"run-{ord(name)}")
        assert isinstance(written, Written) and written.is_shown_by(seen(side, name))
    assert methods(apache_folder) == ["PUT", "PROPFIND0", "PROPFIND0", "PUT", "PROPFIND0"]


# -- downloads -----------------------------------------------------------------------------------------


def test_a_download_that_broke_off_goes_on_where_it_was(apache_folder: Folder) -> None:
    apache_folder.write({"big": BIG})
    age(apache_folder.root / "big", 60)
    with Proxy(apache_folder.url) as proxy:
        side = endpoint(proxy.url)
        entry = seen(side, "big")
        proxy.add(Fault(CutReply(1 << 20), method="GET"))
        proxy.add(Fault(CutReply(1 << 20), method="GET", nth=2))
        proxy.clear_requests()
        with side.read("big", entry) as source:
            assert b"".join(source.chunks()) == BIG
        assert [each.status for each in proxy.requests() if each.method == "GET"] == [200, 206, 206]
        assert proxy.requests()[-1].method == "PROPFIND", "what was put together is looked at once more"


def test_two_versions_are_never_spliced(every_server: Folder) -> None:
    """Two of the servers send the rest of whatever is there now, whatever `If-Range` says."""
    every_server.write({"big": BIG})
    age(every_server.root / "big", 60)
    with Proxy(every_server.url) as proxy:
        side = endpoint(proxy.url)
        entry = seen(side, "big")
        proxy.add(Fault(CutReply(2 << 20), method="GET"))
        with pytest.raises(OSError), side.read("big", entry) as source:
            chunks = source.chunks()
            assert next(chunks) == BIG[:CHUNK_BYTES]
            every_server.write({"big": bytes(len(BIG))})
            for chunk in chunks:
                assert chunk in BIG


# -- names and space -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "name"),
    [("rclone", "tab\tx"), ("rclone", "byte\x01"), ("asgi", "pct%41"), ("npm", "a\\b"), ("lighttpd", "l\nx")],
)
def test_a_name_that_would_come_back_as_another_is_refused(
    server_named: Named, server: str, name: str
) -> None:
    folder = server_named(server).folder()
    folder.write({"f": "x"})
    side = endpoint(folder.url)
    folder.clear_requests()
    with pytest.raises(UnsupportedNameError, match="use another name"):
        write(side, name, b"x")
    with pytest.raises(UnsupportedNameError):
        side.make_directory(name)
    assert methods(folder) == []
    with pytest.raises(UnsupportedNameError):
        side.move("f", name, expect=seen(side, "f"))
    assert folder.read() == {"f": "x"}


def test_two_forms_of_a_name_are_one_where_the_server_says_so(rclone_folder: Folder, src: Path) -> None:
    write_tree(src, {"caf\u00e9": "composed", "cafe\u0301": "decomposed", "f": "x"})
    for _ in range(2):
        report = Syncer(src, dav(rclone_folder.url)).sync()
        assert [problem.kind for problem in report.problems] == ["name"], "a clash that is said, not stale"
    assert rclone_folder.read() == {"f": "x"}
    (src / "caf\u00e9").unlink()
    assert Syncer(src, dav(rclone_folder.url)).sync().ok
    report = Syncer(src, dav(rclone_folder.url)).sync()
    assert (report.copied, report.ok) == (0, True)
    assert sorted(rclone_folder.read()) == ["cafe\u0301", "f"]


def test_a_disk_that_folds_names_shows_by_the_first_clash_and_is_remembered(
    server_named: Named, rclone_folder: Folder
) -> None:
    """rclone folds Unicode forms; a user's word hides that from us here, as from a server's fingerprint."""
    side = open_url(dav(rclone_folder.url), {"capabilities": None}, side="dst")
    side.check_root()
    side._remote.knowledge.learn({"folds_unicode": False})
    write(side, "caf\u00e9", b"x")
    with pytest.raises(StaleEntryError, match="takes both for one name"):
        write(side, "cafe\u0301", b"y")
    assert side.facts is not None and side.facts["capabilities"]["folds_unicode"] is True
    assert rclone_folder.read() == {"caf\u00e9": "x"}


@pytest.mark.parametrize(("server", "tells"), [("wsgidav", True), ("sabre", True), ("apache", False)])
def test_free_space_is_told_where_it_is_known_with_one_request(
    server_named: Named, server: str, tells: bool
) -> None:
    folder = server_named(server).folder()
    side = endpoint(folder.url)
    folder.clear_requests()
    free_bytes = side.free_bytes()
    assert (free_bytes is not None and free_bytes > 0) is tells
    assert methods(folder) == (["PROPFIND0"] if tells else [])


def test_the_finding_of_each_fact_says_what_follows(every_server: Folder) -> None:
    side: WebdavEndpoint = endpoint(every_server.url)
    assert len(facts(side)) == len(side.findings) > 20
    way = next(each.consequence for each in side.findings if each.name == "keeps_old_on_abort")
    every_server.clear_requests()
    side.write("f", content(b"x"), expect=None, token="run-1")
    assert ("MOVE" in methods(every_server)) is ("temporary file and a MOVE" in way.partition(";")[0])
