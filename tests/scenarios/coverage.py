"""Which row is played where, and why not elsewhere."""

from __future__ import annotations

import sys

from tests.scenarios.scenario import PAIRS
from tests.scenarios.tables import ROWS, SCENARIOS


def played(row: str, pair: str) -> int:
    """How many scenarios of a row are played on a pair."""
    return sum(scenario.row == row and pair in scenario.pairs for scenario in SCENARIOS)


def gaps() -> dict[str, list[tuple[str, str]]]:
    """Row to (pair, why) where none of its scenarios is played there."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in ROWS:
        for pair in PAIRS:
            if not played(row, pair):
                reasons = dict.fromkeys(
                    scenario.elsewhere for scenario in SCENARIOS if scenario.row == row and scenario.elsewhere
                )
                found.setdefault(row, []).append((pair, " / ".join(reasons) or "NO REASON"))
    return found


def main() -> None:
    """Print the table: how many scenarios of each row are played on each pair, then the gaps."""
    out = sys.stdout
    out.write(f"{'row':<5}" + "".join(f"{pair:>15}" for pair in PAIRS) + "\n")
    for row in ROWS:
        counts = (f"{played(row, pair) or '-':>15}" for pair in PAIRS)
        out.write(f"{row:<5}" + "".join(counts) + "\n")
    total = (f"{sum(bool(played(row, pair)) for row in ROWS):>11} rows" for pair in PAIRS)
    out.write(f"{'':<5}" + "".join(total) + f"  of {len(ROWS)}; {len(SCENARIOS)} scenarios\n\ngaps\n")
    for row, missing in gaps().items():
        where = ", ".join(pair for pair, _ in missing)
        out.write(f"{row:<5}{where}: {missing[0][1]}\n")
