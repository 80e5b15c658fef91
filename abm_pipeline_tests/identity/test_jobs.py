"""Who changed employer in one and the same record: which account on which days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.people import contact
from abm_pipeline_tests.identity.staged import accounts_of, at, company, read, settings_of, stage

FIRMS = [
    company("1", name="Acme", domain="acme.com"),
    company("2", name="Bee", domain="b.co.uk"),
    company("3", name="Zulu Foods", country_code="PT"),
    company("9", name="Acme", domain="acme.com"),
]
EVER = date(1900, 1, 1)


def versions(source_id: str, *told: tuple[str, str | None, str | None, str | None]) -> list[dict[str, Any]]:
    """Versions of one record: when, at which company, with which address and role."""
    return [
        contact(source_id, f"Person {source_id.rpartition(':')[2].title()}", mail, created_at=at("2024-01-01"))
        | {"modified_at": at(when), "company_source_id": firm, "role": role}
        for when, firm, mail, role in told
    ]


STAGED = [
    *versions("john", ("2025-01-02", "1", "j@acme.com", "champion"), ("2025-03-10", "2", "j@b.co.uk", "user")),
    *versions("gina", ("2025-01-02", "1", "g@gmail.com", None), ("2025-03-10 23:30", "2", "g@gmail.com", "user")),
    *versions("back", ("2025-01-02", "1", None, None), ("2025-02-01", "2", None, None))
    + versions("back", ("2025-03-01", "9", None, None)),
    *versions("mend", ("2025-01-02", "3", "m@acme.com", None), ("2025-03-10", "1", "m@acme.com", None)),
    *versions("mute", ("2025-01-02", None, "u@gmail.com", None), ("2025-03-10", "2", "u@gmail.com", None)),
    *versions("slip", ("2025-01-02", "1", None, None), ("2025-02-01 09:00", "2", None, None))
    + versions("slip", ("2025-02-01 15:00", "1", None, None)),
    *versions("twin", ("2025-01-02", "1", None, None), ("2025-03-10", "9", None, None)),
    *versions("marketo:8", ("2025-01-02", None, "j@acme.com", None)),
    *(row | {"same_as": "salesforce:john"} for row in versions("marketo:7", ("2025-01-02", None, None, None))),
]  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All of it, staged and resolved at once; days are those of Berlin."""
    made = settings_of(tmp_path_factory.mktemp("jobs"), "reporting_timezone: Europe/Berlin")
    stage(made.open_lake, t.COMPANY, FIRMS)
    stage(made.open_lake, t.CONTACT, STAGED)
    refresh(made, [], "run")
    return made


def history(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Company, role, first day and the day after the last, of each record that moved."""
    account_of = accounts_of(settings.open_lake)
    names = {account_of[f"salesforce:{firm}"]: firm for firm in "123"}
    found = defaultdict(list)
    for who, account, role, first, end in read(
        settings.open_lake, t.PERSON_HISTORY, "source_id account_id role valid_from_day valid_to_day"
    ):
        found[who].append((names[account], role, first, end))
    return {who: sorted(jobs, key=lambda job: job[2]) for who, jobs in found.items()}


def test_jobs_by_day(settings: Settings) -> None:
    """Worked by hand. John's record was overwritten on 10 March: champion at 1 before, user at 2 since. Gina keeps her
    private address, and half past eleven at night is the next day in Berlin. Somebody goes and comes back, to another
    record of the same account. What the tool knows of John by his CRM record alone goes with him.

    No move: a record mended under one address of the employer; one that told nothing before; a company put right on
    the same day; two records of one account."""
    moved = [("1", "champion", EVER, date(2025, 3, 10)), ("2", "user", date(2025, 3, 10), None)]
    expected = {
        "john": moved,
        "7": moved,
        "gina": [("1", None, EVER, date(2025, 3, 11)), ("2", "user", date(2025, 3, 11), None)],
        "back": [
            ("1", None, EVER, date(2025, 2, 1)),
            ("2", None, date(2025, 2, 1), date(2025, 3, 1)),
            ("1", None, date(2025, 3, 1), None),
        ],
    }
    assert expected == history(settings)


def test_an_address_of_an_earlier_job_finds_who_it_was(settings: Settings) -> None:
    """A tool knows somebody by John's old address alone: it is he, at the account that the address belongs to, with no
    history of its own."""
    account = accounts_of(settings.open_lake)["salesforce:1"]
    told = {row[0]: row[1:] for row in read(settings.open_lake, t.PERSON, "source_id person_id account_id")}
    assert (told["john"][0], account) == told["8"]
    assert "8" not in history(settings)


def test_jobs_cover_every_day_once_and_end_today(settings: Settings) -> None:
    """Law: the days of a record's jobs follow each other without gap, from ever to ever; the last is at the account
    that `person` says, and two that follow each other differ."""
    today = dict(read(settings.open_lake, t.PERSON, "source_id account_id"))
    spans = defaultdict(list)
    for who, account, first, end in read(
        settings.open_lake, t.PERSON_HISTORY, "source_id account_id valid_from_day valid_to_day"
    ):
        spans[who].append((first, end, account))
    assert spans
    for who, jobs in spans.items():
        jobs.sort(key=lambda job: job[0])
        assert [EVER, *(end for _, end, _ in jobs)] == [*(first for first, _, _ in jobs), None]
        assert today[who] == jobs[-1][2]
        assert all(one[2] != other[2] for one, other in pairwise(jobs))


def test_order_of_arrival_is_nothing(settings: Settings, tmp_path: Path) -> None:
    """Staged newest first, and resolved in between, the history is the same."""
    parts = settings_of(tmp_path, "reporting_timezone: Europe/Berlin")
    stage(parts.open_lake, t.COMPANY, FIRMS)
    late = [row for row in STAGED if row["modified_at"] >= at("2025-03-01")]
    for rows in (late, [row for row in STAGED if row not in late]):
        stage(parts.open_lake, t.CONTACT, rows)
        refresh(parts, [], "run")
    assert history(settings) == history(parts)
