"""What each level of each comparison weighs, in bits (log2 odds), and how to say it in words.

The weights are kept in `model.json`, by stage: small groups first, then what early rounds left open. They are fitted by
logistic regression on simulated companies whose truth is known (benchmarks/identity_train.py), not on anybody's data;
why not by expectation maximisation alone is in docs/decisions/0009. A weight of +3 means: given everything else, this
makes it eight times as likely that the two are one account.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("model.json")
# In the order in which evidence is told.
COMPARISONS = (
    "name_and_domain", "name_and_rivals", "support", "generic", "label", "linkedin", "duns", "phone", "place",
    "industry", "size", "said_same", "said_parent",
)  # fmt: skip
# A level that the simulated companies never showed.
UNSEEN = -1.0


@dataclass(frozen=True)
class Weights:
    """Bits of one stage: `prior`, and `bits` by comparison and level."""

    prior: float
    bits: Mapping[str, Mapping[int, float]]

    def sql(self) -> str:
        """The match weight of a row of `compared`, in bits, as an SQL expression of type DOUBLE."""
        return " + ".join([f"{self.prior!r}::DOUBLE", *(self.term(comparison) for comparison in COMPARISONS)])

    def term(self, comparison: str) -> str:
        """The bits of one comparison as an SQL expression."""
        whens = " ".join(f"WHEN {level} THEN {bits!r}" for level, bits in sorted(self.bits[comparison].items()))
        return f"(CASE {comparison} {whens} ELSE {UNSEEN} END)::DOUBLE"


@cache
def stages() -> tuple[Weights, ...]:
    """The weights by stage, as saved."""
    return tuple(
        Weights(stage["prior"], {name: {int(level): bits for level, bits in levels.items()}
                                 for name, levels in stage["bits"].items()})
        for stage in json.loads(_FILE.read_text())["stages"]
    )  # fmt: skip


def save(weights: list[Weights], about: str) -> None:
    """Write the weights where `stages` reads them; `about` says what they were fitted on."""
    said = [
        {"prior": stage.prior, "bits": {name: dict(levels) for name, levels in stage.bits.items()}} for stage in weights
    ]
    _FILE.write_text(json.dumps({"about": about, "stages": said}, indent=1) + "\n")
    stages.cache_clear()
