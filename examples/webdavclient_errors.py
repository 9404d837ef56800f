"""Tell apart what can go wrong, by the exceptions of the webdavclient family.

    python webdavclient_errors.py push http://localhost:8080/dav projects/site ~/site

Whatever is raised, what could be done was done, and calling again goes on from there.
"""

import os
import sys

import syncfs.compat.webdavclient as wc


def main(verb: str, hostname: str, remote: str, local: str) -> str:
    """What became of it, in words."""
    client = wc.Client(
        {
            "webdav_hostname": hostname,
            "webdav_login": os.environ.get("WEBDAV_LOGIN"),
            "webdav_password": os.environ.get("WEBDAV_PASSWORD"),
        }
    )
    try:
        {"push": client.push, "pull": client.pull, "sync": client.sync}[verb](remote, local)
    except wc.LocalResourceNotFound as error:
        return f"make the local directory first: {error}"
    except wc.RemoteParentNotFound as error:
        return f"make the directory above it on the server first: {error}"
    except wc.RemoteResourceNotFound as error:
        return f"nothing there to fetch: {error}"
    except wc.NoConnection as error:
        return f"try again later: {error}"
    except wc.NotEnoughSpace as error:
        return f"make room: {error}"
    except wc.WebDavException as error:  # a lock, a refusal, single files that failed
        return f"not everything was done: {error}"
    return "done"


if __name__ == "__main__":
    said = main(*sys.argv[1:])
    print(said)
    sys.exit(said != "done")
