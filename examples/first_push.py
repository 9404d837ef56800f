"""Push this checkout to a real WebDAV server, which this script starts, and compare both with `diff -r`.

    python examples/first_push.py [FOLDER]

Needs WsgiDAV and cheroot (`pip install '.[demo]'`). Everything it makes is in a temporary directory.
"""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp


def main(folder: str = ".") -> int:
    with tempfile.TemporaryDirectory() as home:
        shared = Path(home, "shared")
        shared.mkdir()
        anyone = {"user_mapping": {"*": True}}
        app = WsgiDAVApp({"provider_mapping": {"/dav": str(shared)}, "simple_dc": anyone, "verbose": 0})
        server = Server(("127.0.0.1", 0), app)
        server.prepare()
        threading.Thread(target=server.serve, daemon=True).start()
        try:
            url = f"webdav://127.0.0.1:{server.bind_addr[1]}/dav/copy"
            syncfs = [sys.executable, "-m", "syncfs"]
            environment = {**os.environ, "SYNCFS_STATE_DIR": os.path.join(home, "state")}
            for attempt in ("the first push", "a second one finds nothing to do"):
                print(f"\n{attempt}: syncfs push {folder} {url}", flush=True)
                done = subprocess.run([*syncfs, "push", folder, url], env=environment)
                if done.returncode:
                    return done.returncode
            different = subprocess.run(["diff", "-r", folder, str(shared / "copy")]).returncode
            print(
                f"\ndiff -r {folder} and the server's copy: {'they differ' if different else 'no difference'}"
            )
            return different
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
