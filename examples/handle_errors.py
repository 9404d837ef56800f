"""Tell apart what can go wrong: with the whole run, and with single paths.

    python handle_errors.py ~/docs webdavs://ann@nas.example/docs

What concerns the whole run is raised; what concerns one path is in the report, and the run goes on.
"""

import sys

from syncfs import (
    CancelledSyncError,
    ConfigError,
    EndpointUnavailableError,
    LockedError,
    SyncAbortedError,
    Syncer,
    UnsafePlanError,
)


def main(folder: str, url: str) -> int:
    try:
        report = Syncer(folder, url).sync()
    except ConfigError as error:
        print(f"the call itself is wrong: {error}")
        return 2
    except UnsafePlanError as error:
        print("nothing was written:", *error.reasons, sep="\n  ")
        return 4
    except LockedError as error:
        print(f"try again when the other run has ended: {error}")
        return 5
    except EndpointUnavailableError as error:
        print(f"{'try again later' if error.retryable else 'look at it'}: {error}")
        return 6
    except CancelledSyncError as error:
        print(f"{error}; {error.report.copied if error.report else 0} copied until then")
        return 130
    except SyncAbortedError as error:  # a full disk, an unreadable state
        print(f"stopped: {error}")
        return 1
    for problem in report.problems:
        print(f"{'next run' if problem.retryable else 'look at it'}: {problem}")
    for conflict in report.open_conflicts:
        print(f"both sides changed {conflict.path}; settle it with: syncfs conflicts")
    print(f"{report.copied} copied")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
