"""How long layers took, so that a dry run can say about how long they will take.

Belongs here: `_durations.json` in the lake: of each layer the last refreshes that computed anything, as days computed
and wall seconds. What it says is of this machine and this lake; where nothing was measured nothing is guessed.
"""

from __future__ import annotations

import math
from pathlib import Path

import orjson

from abm_pipeline.storage.whole import write_whole

KEPT = 30


def note(lake: Path, layer: str, days: int, seconds: float) -> None:
    """Remember that the layer computed so many days in so many seconds."""
    if days <= 0:
        return
    known = _read(lake)
    known[layer] = [*known.get(layer, []), (days, round(seconds, 3))][-KEPT:]
    write_whole(lake / "_durations.json", orjson.dumps(known))


def about(lake: Path, layer: str, days: int) -> float | None:
    """About how many seconds so many days of the layer take: the measured refresh nearest in size (the newest of equal
    ones), in proportion if it was smaller. 0 for no day, None if nothing was measured.
    """
    if days <= 0:
        return 0.0
    measured = _read(lake).get(layer, [])
    if not measured:
        return None
    nearest = min(reversed(measured), key=lambda one: abs(math.log(days / one[0])))
    # Of a bigger one at least the share of the days, and a fixed part that is not known: not less than a tenth.
    return nearest[1] * (days / nearest[0] if days >= nearest[0] else max(days / nearest[0], 0.1))


def in_words(seconds: float | None) -> str:
    """`about 3 min`, or that nothing has been measured."""
    if seconds is None:
        return "time unknown, none has been measured"
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def _read(lake: Path) -> dict[str, list[tuple[int, float]]]:
    try:
        known: dict[str, list[tuple[int, float]]] = orjson.loads((lake / "_durations.json").read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return known
