"""How many requests things cost, counted by the server."""

import pytest
from webdav4.fsspec import WebdavFileSystem

from syncfs.endpoint.webdav import WebdavEndpoint
from tests.endpoint.webdav.support import Owned, age, endpoint, methods, read, seen, write
from tests.servers.server import Folder

pytestmark = pytest.mark.usefixtures("wire")


def fresh(folder: Folder) -> WebdavEndpoint:
    """A checked endpoint; the requests so far forgotten."""
    side = endpoint(folder.url)
    folder.clear_requests()
    return side


def test_a_root_is_checked_and_listed_by_one_propfind(webdav_server: Folder) -> None:
    side = Owned(WebdavFileSystem(webdav_server.url, skip_instance_cache=True))
    webdav_server.clear_requests()
    side.check_root()
    side.list("")
    assert methods(webdav_server) == ["PROPFIND1"]
    side.list("")
    assert methods(webdav_server) == ["PROPFIND1"] * 2


def test_a_listing_is_one_propfind_and_a_new_directory_one_mkcol(webdav_server: Folder) -> None:
    side = fresh(webdav_server)
    side.make_directory("d")
    side.list("d")
    assert methods(webdav_server) == ["MKCOL", "PROPFIND1"]


def test_a_new_file_is_one_put_on_apache(apache_folder: Folder) -> None:
    side = fresh(apache_folder)
    write(side, "f", b"x")
    assert methods(apache_folder) == ["PUT"]


def test_a_large_file_is_staged_checked_and_moved_on_apache_too(apache_folder: Folder) -> None:
    side = fresh(apache_folder)
    write(side, "big", bytes(3 << 20))
    assert methods(apache_folder) == ["PUT", "PROPFIND0", "MOVE"]
    entry = seen(side, "big")
    apache_folder.clear_requests()
    write(side, "big", bytes(4 << 20), entry)
    assert methods(apache_folder) == ["PUT", "PROPFIND0", "PROPFIND0", "MOVE"]


def test_replacing_a_young_file_needs_no_look_on_apache(apache_folder: Folder) -> None:
    """Its tag is weak for two seconds."""
    side = fresh(apache_folder)
    write(side, "f", b"first")
    entry = seen(side, "f")
    apache_folder.clear_requests()
    write(side, "f", b"again", entry)
    assert methods(apache_folder) == ["PUT"]


def test_a_new_file_is_a_put_and_a_move_where_a_put_truncates(
    wsgidav_folder: Folder, rclone_folder: Folder
) -> None:
    for folder in (wsgidav_folder, rclone_folder):
        side = fresh(folder)
        write(side, "f", b"x")
        assert methods(folder) == ["PUT", "MOVE"]


def test_replacing_and_removing_an_old_file_need_no_look_on_apache(apache_folder: Folder) -> None:
    apache_folder.write({"f": "old"})
    age(apache_folder.root / "f", 60)
    side = endpoint(apache_folder.url)
    entry = seen(side, "f")
    apache_folder.clear_requests()
    write(side, "f", b"new", entry)
    assert methods(apache_folder) == ["PUT"]
    age(apache_folder.root / "f", 60)
    entry = seen(side, "f")
    apache_folder.clear_requests()
    side.remove_file("f", expect=entry)
    assert methods(apache_folder) == ["DELETE"]


def test_reading_is_one_get_and_a_look_after_a_large_file_that_may_be_torn(webdav_server: Folder) -> None:
    webdav_server.write({"f": "x", "big": bytes(3 << 20)})
    side = endpoint(webdav_server.url)
    read(side, "f")
    assert methods(webdav_server)[-1] == "GET"
    webdav_server.clear_requests()
    read(side, "big")
    looks = ["PROPFIND0"] if webdav_server.server.name != "apache" else []
    assert methods(webdav_server) == ["PROPFIND0", "GET", *looks]
