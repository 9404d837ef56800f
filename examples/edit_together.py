"""Work on shared files: pull, edit, pull again, push.

    python edit_together.py ~/shared webdavs://ann@nas.example/shared vim plan.md

What others changed meanwhile is fetched before ours is sent. Where somebody changed the very same file,
both versions stay where they are and the file is named; settle it with
`syncfs conflicts FOLDER URL --resolve PATH=src|dst|keep-both`.
"""

import subprocess
import sys

from syncfs import Syncer


def main(folder: str, url: str, *command: str) -> int:
    # With skip, a pull leaves alone what was edited here, and a push what was edited there.
    syncer = Syncer(folder, url, on_conflict="skip")
    before = syncer.pull()
    subprocess.run(command, cwd=folder, check=True)
    meanwhile = syncer.pull()
    sent = syncer.push()
    for problem in (*before.problems, *meanwhile.problems, *sent.problems):
        print(problem)
    for conflict in sent.open_conflicts:
        print(f"{conflict.path}: somebody else has changed it too")
    print(f"{meanwhile.copied} fetched, {sent.copied} sent")
    return 0 if sent.ok and not meanwhile.problems else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
