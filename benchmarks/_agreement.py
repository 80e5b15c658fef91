"""How well a clustering agrees with the truth: pairwise and B-cubed precision and recall, parents, ids that last.

All of it in counts of records by (cluster, account): no pair is ever made. A frame of members has source, source_id and
account_id, one row a record.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

_KEY = ["source", "source_id"]


@dataclass(frozen=True)
class Agreement:
    """Shares between 0 and 1, and the size of the largest cluster.

    Pairwise: of the pairs of records in one cluster those of one account, and the other way round. B-cubed: the
    same, as the mean over records of the share of their cluster, so that a large account counts as its records, not
    as their square (Bagga and Baldwin 1998).
    """

    precision: float
    recall: float
    b3_precision: float
    b3_recall: float
    largest: int

    @property
    def f1(self) -> float:
        return _f1(self.precision, self.recall)

    @property
    def b3_f1(self) -> float:
        return _f1(self.b3_precision, self.b3_recall)

    def __str__(self) -> str:
        return (
            f"pairs P {self.precision:.3f} R {self.recall:.3f} F1 {self.f1:.3f}; "
            f"B-cubed P {self.b3_precision:.3f} R {self.b3_recall:.3f} F1 {self.b3_f1:.3f}; largest {self.largest:,}"
        )


def agreement(members: pd.DataFrame, truth: pd.DataFrame) -> Agreement:
    """How `members` agree with `truth`. Raises ValueError unless both have the same records, each once."""
    both = truth.merge(members, on=_KEY, suffixes=("_true", "_found"), validate="one_to_one")
    if not len(both) == len(truth) == len(members):
        raise ValueError(f"{len(members):,} members, {len(truth):,} in the truth, {len(both):,} in both")
    cells = both.groupby(["account_id_true", "account_id_found"]).size().to_numpy(float)
    names = both.groupby(["account_id_true", "account_id_found"]).size().index
    found, true = both.groupby("account_id_found").size(), both.groupby("account_id_true").size()
    of_found = found.reindex(names.get_level_values("account_id_found")).to_numpy(float)
    of_true = true.reindex(names.get_level_values("account_id_true")).to_numpy(float)
    together = _pairs(cells)
    return Agreement(
        precision=_share(together, _pairs(found.to_numpy(float))),
        recall=_share(together, _pairs(true.to_numpy(float))),
        b3_precision=float((cells**2 / of_found).sum() / len(both)),
        b3_recall=float((cells**2 / of_true).sum() / len(both)),
        largest=int(found.max()),
    )


def parents_agreement(
    found: pd.DataFrame, members: pd.DataFrame, true: pd.DataFrame, truth: pd.DataFrame
) -> tuple[float, float]:
    """Precision and recall of parents.

    `found` has child_account_id and parent_account_id, `true` child_account and parent_account. An account found stands
    for the true one that most of its records are of. True pairs count where both have records.
    """
    both = truth.merge(members, on=_KEY, suffixes=("_true", "_found"))
    cells = both.groupby(["account_id_found", "account_id_true"]).size().rename("n").reset_index()
    stands = cells.sort_values(["n", "account_id_true"]).groupby("account_id_found")["account_id_true"].last()
    said = list(zip(found["child_account_id"].map(stands), found["parent_account_id"].map(stands), strict=True))
    seen = set(truth["account_id"])
    wanted = {pair for pair in zip(true["child_account"], true["parent_account"], strict=True) if seen.issuperset(pair)}
    return _share(sum(pair in wanted for pair in said), len(said)), _share(len(wanted & set(said)), len(wanted))


def kept(before: pd.DataFrame, after: pd.DataFrame, truth: list[pd.DataFrame]) -> tuple[float, float]:
    """Of records in both runs the share whose id stays; of true accounts with the same records in both snapshots the
    share that keep all their ids.
    """  # fmt: skip
    ids = before.merge(after, on=_KEY, suffixes=("_before", "_after"))
    stays = (ids["account_id_before"] == ids["account_id_after"]).set_axis(pd.MultiIndex.from_frame(ids[_KEY]))
    marked = [
        snapshot.assign(stays=stays.reindex(pd.MultiIndex.from_frame(snapshot[_KEY])).to_numpy()) for snapshot in truth
    ]
    counts = [frame.groupby("account_id")["stays"].agg(["size", "count", "sum"]) for frame in marked]
    old, new = counts[0].align(counts[1], join="inner", axis=0)
    same = (old["size"] == new["size"]) & (old["size"] == old["count"]) & (new["size"] == new["count"])
    return float(stays.mean()), _share(int((same & (old["sum"] == old["size"])).sum()), int(same.sum()))


def _pairs(counts: pd.Series) -> float:
    return float((counts * (counts - 1) / 2).sum())


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
