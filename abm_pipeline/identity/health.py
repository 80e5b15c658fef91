"""How well records find their accounts: match rates, sizes of accounts, keys that say too little, what waits.

Belongs here: the numbers of identity's own health, over the last `DAYS` days of facts. Matched is what belongs to an
account. Of ad spend only what the platform tells by company can be matched; the rest has no company to look for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity import reading, review
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step, run_steps

DAYS = 90
SIZES = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 50), (51, None))
"""Records of an account, from and to."""

STEPS = (
    Step(
        "owner",
        "the account of each company key of facts",
        "SELECT source || ':' || source_id AS company_key, account_id FROM identity.member",
    ),
    Step(
        "placed",
        "the account of each contact key of facts",
        """
        SELECT source || ':' || source_id AS contact_key, account_id FROM identity.person WHERE account_id IS NOT NULL
        """,
    ),
    Step(
        "match",
        "what each source tells, and how much of it finds no account",
        """
        SELECT source, 'touches' AS what, count(*) AS total,
               count(*) FILTER (coalesce(o.account_id, p.account_id) IS NULL) AS unmatched,
               NULL::DOUBLE AS money, NULL::DOUBLE AS money_unmatched
        FROM facts.touch LEFT JOIN owner AS o USING (company_key) LEFT JOIN placed AS p USING (contact_key)
        GROUP BY source
        UNION ALL
        SELECT source, 'intent', count(*), count(*) FILTER (o.account_id IS NULL), NULL, NULL
        FROM facts.intent LEFT JOIN owner AS o USING (company_key) GROUP BY source
        UNION ALL
        SELECT source, 'ad spend', count(*), count(*) FILTER (o.account_id IS NULL),
               coalesce(sum(amount_reporting), 0)::DOUBLE,
               coalesce(sum(amount_reporting) FILTER (o.account_id IS NULL), 0)::DOUBLE
        FROM facts.spend LEFT JOIN owner AS o USING (company_key) WHERE company_key IS NOT NULL GROUP BY source
        """,
    ),
    Step(
        "size",
        "records of each account",
        "SELECT account_id, count(*) AS records FROM identity.member WHERE source <> 'domain' GROUP BY account_id",
    ),
)


@dataclass(frozen=True)
class Match:
    """What a source told in the last days: rows, and money where rows have any; of both what finds no account."""

    source: str
    what: str
    total: int
    unmatched: int
    money: float | None
    money_unmatched: float | None

    @property
    def rate(self) -> float | None:
        """The share that belongs to an account: of the money where there is any, else of the rows."""
        if self.money:
            return 1 - (self.money_unmatched or 0) / self.money
        return 1 - self.unmatched / self.total if self.total else None


@dataclass(frozen=True)
class WeakKey:
    """A key that says too little of whose it is: how many records and names have it."""

    kind: str
    value: str
    records: int
    names: int


@dataclass(frozen=True)
class Health:
    """Identity's own health. `sizes`: from, to (None: no end), accounts, records. `largest`: name, id, records.

    `waiting`: pairs of accounts in review; `pipeline` is the open pipeline of the accounts in them (reporting
    currency, each counted once), `whole_pipeline` that of all.
    """

    day: date | None
    matches: tuple[Match, ...]
    sizes: tuple[tuple[int, int | None, int, int], ...]
    largest: tuple[tuple[str, str, int], ...]
    weak: tuple[tuple[str, int], ...]
    weakest: tuple[WeakKey, ...]
    waiting: int
    pipeline: float
    whole_pipeline: float


def health(settings: Settings, most: int = 10) -> Health:
    """The numbers as of the newest day of touches; lists of the `most` largest."""
    lake = settings.open_lake
    day = max(lake.days(t.TOUCH), default=None)
    with reading.opened(settings) as con:
        for table in (t.PERSON, t.WEAK_KEY):
            lake.attach(con, table)
        for table in (t.TOUCH, t.INTENT, t.SPEND):
            lake.attach(con, table, day and day - timedelta(days=DAYS - 1), day)
        run_steps(con, STEPS)
        matches = con.execute("FROM match ORDER BY what DESC, unmatched DESC, total DESC, source").fetchall()
        sizes = [
            (low, high, *con.execute(
                "SELECT count(*), coalesce(sum(records), 0) FROM size WHERE records BETWEEN ? AND ?",
                [low, high or 2**62],
            ).fetchall()[0])
            for low, high in SIZES
        ]  # fmt: skip
        largest = con.execute(
            "SELECT coalesce(a.name, a.domain, s.account_id), s.account_id, s.records FROM size AS s "
            "LEFT JOIN identity.account AS a USING (account_id) ORDER BY s.records DESC, s.account_id LIMIT ?",
            [most],
        ).fetchall()
        weak = con.execute("SELECT key_kind, count(*) FROM identity.weak_key GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
        weakest = con.execute(
            "SELECT key_kind, key_value, records, names FROM identity.weak_key ORDER BY records DESC, 1, 2 LIMIT ?",
            [most],
        ).fetchall()
    waiting, pipeline, whole = review.stake(settings)
    return Health(
        day=day,
        matches=tuple(Match(*row) for row in matches),
        sizes=tuple((low, high, int(accounts), int(records)) for low, high, accounts, records in sizes),
        largest=tuple((str(name), str(account), int(records)) for name, account, records in largest),
        weak=tuple((str(kind), int(count)) for kind, count in weak),
        weakest=tuple(WeakKey(*row) for row in weakest),
        waiting=waiting,
        pipeline=pipeline,
        whole_pipeline=whole,
    )
