"""`python -m tests.race [--rounds N] [--server NAME ...] [--bytes N]`: eight at once, server by server."""

from __future__ import annotations

import argparse
import sys

from tests.race.race import Clients, rounds
from tests.servers.every import EVERY_SERVER
from tests.servers.server import ServerMissingError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="of each kind, on each server")
    parser.add_argument("--server", action="append", choices=sorted(EVERY_SERVER))
    parser.add_argument("--bytes", type=int, default=0, help="of the file, at least")
    options = parser.parse_args()
    out = sys.stdout
    out.write(f"{'server':<17}{'file':<10}{'rounds':>7}{'one won':>9}{'most won':>10}")
    out.write(f"{'replaced':>10}{'silently':>10}{'untold':>8}{'strange':>9}\n")
    with Clients() as clients:
        for name in options.server or EVERY_SERVER:
            try:
                server = EVERY_SERVER[name]()
            except ServerMissingError as error:
                out.write(f"{name:<17}{error}\n")
                continue
            with server:
                for exists in (True, False):
                    outcomes = rounds(
                        clients, server.folder, options.rounds, exists=exists, least_bytes=options.bytes
                    )
                    out.write(
                        f"{name:<17}{'existing' if exists else 'new':<10}{len(outcomes):>7}"
                        f"{sum(each.winners == 1 for each in outcomes):>9}"
                        f"{max(each.winners for each in outcomes):>10}"
                        f"{sum(each.replaced for each in outcomes):>10}"
                        f"{sum(each.silent for each in outcomes):>10}"
                        f"{sum(each.untold for each in outcomes):>8}"
                        f"{sum(len(each.strange) for each in outcomes):>9}\n"
                    )
                    out.flush()
                    for each in outcomes:
                        if each.strange:
                            out.write(f"  {each}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
