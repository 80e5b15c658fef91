"""How well accounts are found in hard records whose truth is known: 3,000 companies, seeds no weights were fitted on.

Floors are a hundredth below what was measured. `python -m benchmarks --only identity` measures seven times as many, and
what others reach on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from abm_pipeline.identity.resolve import resolve_file
from abm_pipeline.sandbox.company_records import make
from benchmarks import _identity_rivals as rivals
from benchmarks._agreement import Agreement, agreement, kept, parents_agreement

COMPANIES = 3000


@dataclass(frozen=True)
class Outcome:
    """What two runs, of the second and of the third snapshot, came to."""

    folder: Path
    ours: Agreement
    parents: tuple[float, float]
    kept: tuple[float, float]
    truth: pd.DataFrame


# precision, recall, of pairs and B-cubed; precision and recall of parents; ids kept by records, by unchanged accounts
FLOORS = {
    31: (0.980, 0.912, 0.983, 0.938, 0.850, 0.580, 0.947, 0.970),
    32: (0.977, 0.907, 0.980, 0.935, 0.785, 0.520, 0.940, 0.970),
}


@pytest.fixture(scope="module", params=FLOORS)
def seed(request: pytest.FixtureRequest) -> int:
    """A seed of the simulated companies."""
    return int(request.param)


@pytest.fixture(scope="module")
def outcome(seed: int, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The third snapshot resolved after the second."""
    folder = tmp_path_factory.mktemp("companies")
    make(COMPANIES, seed, 3).write(folder)
    for k, previous in ((2, None), (3, folder / "members_2.parquet")):
        resolve_file(
            folder / f"records_{k}.parquet",
            folder / f"members_{k}.parquet",
            previous=previous,
            parents=folder / f"found_parents_{k}.parquet",
        )

    def read(name: str) -> pd.DataFrame:
        return pd.read_parquet(folder / f"{name}.parquet")

    truth = read("truth_3")
    return Outcome(
        folder,
        agreement(read("members_3"), truth),
        parents_agreement(read("found_parents_3"), read("members_3"), read("parents_3"), truth),
        kept(read("members_2"), read("members_3"), [read("truth_2"), truth]),
        truth,
    )


def test_floors(seed: int, outcome: Outcome) -> None:
    """Precision and recall, of pairs and B-cubed, of parents, and ids that last, are what they were."""
    ours = outcome.ours
    reached = (
        *(ours.precision, ours.recall, ours.b3_precision, ours.b3_recall),
        *outcome.parents,
        *outcome.kept,
    )
    below = [(value, floor) for value, floor in zip(reached, FLOORS[seed], strict=True) if value < floor]
    assert [] == below, f"{ours}; parents {outcome.parents}; kept {outcome.kept}"


def test_no_account_chains(outcome: Outcome) -> None:
    """The largest account found has at most twice the records of the largest there is: nothing runs together."""
    assert outcome.ours.largest <= 2 * outcome.truth.groupby("account_id").size().max()


def test_better_than_what_else_one_would_do(outcome: Outcome) -> None:
    """Names alone, keys alone and guarded keys are behind by far, by pairs and by B-cubed."""
    records, truth = outcome.folder / "records_3.parquet", outcome.folder / "truth_3.parquet"
    rivals.clean(records, outcome.folder / "tidy.parquet")
    others = (
        rivals.exact_names(outcome.folder / "tidy.parquet", truth),
        rivals.keys_alone(records, truth),
        rivals.guarded_keys(records, truth),
    )
    assert outcome.ours.f1 > max(other.f1 for other in others) + 0.2
    assert outcome.ours.b3_f1 > max(other.b3_f1 for other in others) + 0.1


def test_what_agreement_is() -> None:
    """Six records of accounts A, A, A, B, B, C, found as x, x, y, y, y, z.

    Pairs found: x 1, y 3, z 0, of which two are true, the first two A and the two B: P = 2/4. True pairs: 3 + 1, so
    R = 2/4.
    B-cubed P: x 1, 1; y 1/3, 2/3, 2/3; z 1: 14/18. R: A 2/3, 2/3, 1/3; B 1, 1; C 1: 14/18.
    """
    keys = {"source": ["crm"] * 6, "source_id": list("123456")}
    found = agreement(
        pd.DataFrame(keys | {"account_id": list("xxyyyz")}), pd.DataFrame(keys | {"account_id": list("AAABBC")})
    )
    assert (0.5, 0.5, 3) == (found.precision, found.recall, found.largest)
    assert pytest.approx((14 / 18, 14 / 18)) == (found.b3_precision, found.b3_recall)
