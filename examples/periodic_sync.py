"""Sync again and again: so many rounds, an interval between them.

    python periodic_sync.py ~/docs webdavs://ann@nas.example/docs 96 900

A round that finds nothing to do costs one listing and writes nothing. A server that is away, or another
run that holds the lock, costs a round and nothing else. Ctrl-C lets running copies finish.
"""

import signal
import sys
import threading
import time

from syncfs import SyncAbortedError, Syncer


def main(folder: str, url: str, rounds: str, interval_s: str) -> int:
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    syncer = Syncer(folder, url, cancel=stop)
    succeeded = False
    for number in range(int(rounds)):
        if number and stop.wait(float(interval_s)):
            break
        try:
            report = syncer.sync()
        except SyncAbortedError as error:
            succeeded = False
            print(f"{time.strftime('%H:%M:%S')} {error}", flush=True)
            if not error.retryable:
                break  # waiting does not help: someone must look at it
        else:
            succeeded = report.ok
            print(f"{time.strftime('%H:%M:%S')} {report.copied} copied, {report.removed} removed", flush=True)
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
