"""Move whole directories by the interface of the webdavclient family, unchanged but for the import.

    python webdavclient_moves.py http://localhost:8080/dav projects/site ~/site

Login and password are taken from WEBDAV_LOGIN and WEBDAV_PASSWORD. Nothing is ever deleted; a second run
moves nothing.
"""

import os
import sys

import syncfs.compat.webdavclient as wc


def main(hostname: str, remote: str, local: str) -> None:
    client = wc.Client(
        {
            "webdav_hostname": hostname,
            "webdav_login": os.environ.get("WEBDAV_LOGIN"),
            "webdav_password": os.environ.get("WEBDAV_PASSWORD"),
        }
    )
    parent = remote.rpartition("/")[0]
    if not client.check(parent):
        client.mkdir(parent)
    client.push(remote_directory=remote, local_directory=local)  # what is missing, newer or of another size
    client.pull(remote_directory=remote, local_directory=local)
    client.sync(
        remote_directory=remote, local_directory=local
    )  # both ways; the newer wins, the other is kept
    print(f"{remote} is there: {client.check(remote)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
