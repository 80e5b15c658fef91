"""Would the score have told who opens and wins deals? Models judged on earlier days, side by side.

Belongs here: which models, which days, and the whole of a backtest. What a score may know is `evidence`'s, the
statistics are those of `discrimination`, thresholds and drift those of `thresholds`.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring.discrimination import Judged, judge
from abm_pipeline.scoring.evidence import Candidate, observe
from abm_pipeline.scoring.lifecycle import champion_of, find, versions
from abm_pipeline.scoring.model import load_model
from abm_pipeline.scoring.thresholds import Drift, Proposal, drift, floors, propose
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect

HORIZON = 90
"""Days after a score in which its outcome is looked for."""

Every = Literal["week", "month", "quarter"]
_MONTHS = {"month": 1, "quarter": 3}
# So many days are looked at unless they are told.
MOST_DAYS = 12


@dataclass(frozen=True)
class Backtest:
    """Models on the same accounts and days; the first is the one the others are compared with.

    `judged`: for each model and outcome, by position in `models`. `proposals` and `drifts`: one for each model.
    """

    models: tuple[Candidate, ...]
    days: tuple[date, ...]
    horizon: int
    today: date
    judged: tuple[Judged, ...]
    proposals: tuple[Proposal, ...]
    drifts: tuple[Drift, ...]

    def of(self, model: int, outcome: str) -> Judged | None:
        """What is said of a model and outcome; None if there was no account to ask about."""
        return next((each for each in self.judged if (each.model, each.outcome) == (model, outcome)), None)


def candidates(settings: Settings, texts: Sequence[str] = (), with_champion: bool = True) -> list[Candidate]:
    """The models called `texts` (name, name@version, or a YAML file, declared or not); without any, all declared ones.

    `with_champion` adds the champion. It comes first wherever it is among them. Raises ConfigError.
    """
    champion, model = champion_of(settings)
    found: dict[str, Candidate] = {}
    for text in texts or [each.label for each in versions(settings) if each.is_present]:
        if text.endswith((".yaml", ".yml")):
            draft = load_model(Path(text))
            found[text] = Candidate(f"{draft.name}@{draft.model_version}", draft)
        else:
            version = find(settings, text)
            if version.model is None:
                raise ConfigError(f"what {version.label} said is not known any more, only its scores are there")
            found[version.label] = Candidate(version.label, version.model)
    if with_champion or champion.label in found:
        found = {champion.label: Candidate(champion.label, model)} | found
    # A file may say what a declared model says.
    return list({each.label: each for each in found.values()}.values())


def known_days(settings: Settings) -> tuple[date, date]:
    """First and last day whose touches are there. Raises ConfigError while there are none."""
    days = settings.open_lake.days(T.TOUCH)
    if not days:
        raise ConfigError("there are no touches yet; `abm run` fetches and computes them")
    return days[0], days[-1]


def days_to_ask(
    settings: Settings, models: Sequence[Candidate], horizon: int, asked: Sequence[date] = (), every: Every = "month"
) -> list[date]:
    """The days to judge scores of: those `asked` for, else up to twelve, one `every` so often back from the last whose
    outcomes are all known.

    A day is usable if the longest window before it and the horizon after it lie within what is known. Raises
    ConfigError for a day that isn't, or if none is.
    """
    known, today = known_days(settings)
    longest = max(candidate.window for candidate in models)
    first, last = known + timedelta(days=longest - 1), today - timedelta(days=horizon)
    if last < first:
        raise ConfigError(
            f"touches are known from {known} to {today}: too few days for a score of {longest} days and {horizon} days "
            "after it; fetch earlier days, or shorten --horizon"
        )
    if wrong := [day for day in asked if not first <= day <= last]:
        raise ConfigError(f"{wrong[0]} can't be judged: scores are whole from {first}, outcomes known up to {last}")
    if asked:
        return sorted(set(asked))
    back = [_before(last, steps, every) for steps in range(MOST_DAYS)]
    return sorted(day for day in back if day >= first)


def _before(day: date, steps: int, every: Every) -> date:
    """The day so many weeks, months or quarters before; the last of its month where that is shorter."""
    if every == "week":
        return day - timedelta(weeks=steps)
    year, month = divmod(day.year * 12 + day.month - 1 - steps * _MONTHS[every], 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def backtest(settings: Settings, models: Sequence[Candidate], days: Sequence[date], horizon: int = HORIZON) -> Backtest:
    """Judge the models, the first of which is the reference, on the days. Nothing is written to the lake."""
    _, today = known_days(settings)
    min_sample = settings.programme.min_sample
    with working(settings) as con:
        observe(con, settings, models, days, horizon, today)
        judged = judge(con, min_sample)
        drifts = drift(con, len(models))
        begins = floors(con)
    proposals = (
        propose(position, each.model, judged, begins.get(position, {}), today, min_sample)
        for position, each in enumerate(models)
    )
    return Backtest(tuple(models), tuple(days), horizon, today, tuple(judged), tuple(proposals), tuple(drifts))


def known_before(
    settings: Settings, models: Sequence[Candidate], days: Sequence[date], horizon: int = HORIZON
) -> pd.DataFrame:
    """All that a backtest knows before it looks at outcomes, a row by model (position), day and account."""
    with working(settings) as con:
        observe(con, settings, models, days, horizon, max(days))
        known: pd.DataFrame = con.sql("FROM backtest_input ORDER BY model, day, account_id").df()
        return known


@contextmanager
def working(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection within the settings' limits that spills to a folder of its own."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=settings.home, prefix="backtest_") as spill,
        connect(memory_limit=settings.memory_limit, threads=settings.threads, temp=Path(spill)) as con,
    ):
        yield con
