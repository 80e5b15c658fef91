"""Simulated companies in several styles, so that nothing that is fitted on one of them or tested on it alone counts.

A style changes how much of everything goes wrong, what is known at all, how many namesakes and families there are, and
which systems there are; who is who it doesn't change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from abm_pipeline.sandbox.company_records import RecordSet, families, make, shares, sources


@dataclass(frozen=True)
class Style:
    """Factors on shares; `names` and `keys` of what goes wrong with them, `known` of what is told at all."""

    names: float = 1
    keys: float = 1
    known: float = 1
    junk: float = 1
    families: Mapping[str, float] = field(default_factory=dict)
    held: tuple[str, ...] = shares.SOURCES


STYLES = {
    "default": Style(),
    "easy": Style(names=0.3, keys=0.15, known=1.25, junk=0.5, families={"STRANGERS": 0.02, "NEAR_NAMES": 0.01}),
    "sparse": Style(known=0.6),
    "dirty": Style(names=1.5, keys=1.8, junk=2),
    "crm": Style(known=1.1, held=("salesforce", "hubspot", "marketo")),
    "namesakes": Style(names=0.7, keys=0.7, families={"STRANGERS": 0.15, "IN_FAMILY": 0.15}),
    "groups": Style(keys=0.6, families={"STRANGERS": 0.03, "IN_FAMILY": 0.5, "RENAMED": 0.08}),
}


def world(style: str, companies: int, seed: int, snapshots: int = 3) -> RecordSet:
    """Records, truth and parents of the companies in a style of `STYLES`."""
    with _styled(STYLES[style]):
        made = make(companies, seed, snapshots)
    held = STYLES[style].held
    truth = [frame[frame["source"].isin(held)].reset_index(drop=True) for frame in made.truth]
    records = [frame[frame["source"].isin(held)].reset_index(drop=True) for frame in made.records]
    return RecordSet(records, truth, made.parents, made.planted)


def named(name: str) -> RecordSet:
    """The world that `style:companies:seed` names, as people type it."""
    style, companies, seed = name.split(":")
    return world(style, int(companies), int(seed))


@contextmanager
def _styled(style: Style) -> Iterator[None]:
    def scaled(table: Mapping[str, tuple[float, ...]], factor: float) -> dict[str, tuple[float, ...]]:
        return {name: tuple(min(share * factor, 1.0) for share in row) for name, row in table.items()}

    with ExitStack() as stack:
        wrong = scaled(shares.NAME_SHARES, style.names) | scaled(shares.KEY_SHARES, style.keys)
        stack.enter_context(patch.dict(shares.SHARES, wrong))
        stack.enter_context(patch.dict(shares.PRESENT, scaled(shares.PRESENT, style.known)))
        stack.enter_context(patch.object(sources, "JUNK", tuple(share * style.junk for share in shares.JUNK)))
        for name, share in style.families.items():
            stack.enter_context(patch.object(families, name, share))
        yield
