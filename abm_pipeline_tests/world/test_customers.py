"""The customers that billing, support, surveys and usage all share."""

from __future__ import annotations

import datetime as dt

import numpy as np

from abm_pipeline.sandbox.world import build_world
from abm_pipeline.sandbox.world.customers import CHURN, KINDS, NEW, RESURRECTION, customers, months_later
from abm_pipeline.sandbox.world.scales import DAY, NEVER, to_day

MARCH, JUNE = dt.date(2026, 3, 31), dt.date(2026, 6, 30)


def test_do_not_depend_on_the_clock() -> None:
    """A world asked in March and one asked in June have the same customers."""
    first, second = customers(build_world("tiny", 7, MARCH)), customers(build_world("tiny", 7, JUNE))
    for column in ("company", "start", "end", "change_of", "change_at", "change_kind", "mrr"):
        assert np.array_equal(getattr(first, column), getattr(second, column))


def test_every_subscription_begins_once_and_ends_with_nothing() -> None:
    """The first change of a subscription is its start, the last of an ended one is churn to 0; all kinds happen."""
    made = customers(build_world("demo", 7, JUNE))
    first = np.searchsorted(made.change_of, np.arange(len(made)))
    last = np.searchsorted(made.change_of, np.arange(len(made)), side="right") - 1
    assert np.array_equal(made.start, made.change_at[first])
    ended = made.end < NEVER
    assert np.array_equal(ended, made.change_kind[last] == CHURN)
    assert np.array_equal(made.end[ended], made.change_at[last][ended])
    assert set(range(len(KINDS))) == set(made.change_kind.tolist())
    assert (made.mrr % 1000 == 0).all()
    assert np.array_equal(made.mrr == 0, made.change_kind == CHURN)
    assert (np.diff(made.change_at)[np.diff(made.change_of) == 0] > 0).all()


def test_a_company_is_new_once_and_comes_back_only_after_it_left() -> None:
    """One `new` a company; a resurrection starts after another subscription of the company ended."""
    made = customers(build_world("demo", 7, JUNE))
    owner = made.company[made.change_of]
    assert np.array_equal(made.companies, np.sort(owner[made.change_kind == NEW]))
    for place in np.flatnonzero(made.change_kind == RESURRECTION):
        ended = made.end[made.company == owner[place]]
        assert (ended < made.change_at[place]).any()


def test_months_end_where_the_month_ends() -> None:
    """31 January plus one month is 28 February, plus two is 31 March."""
    start = np.array([to_day(dt.date(2026, 1, 31)) * DAY + 5])
    assert to_day(dt.date(2026, 2, 28)) * DAY + 5 == months_later(start, np.array([1]))[0]
    assert to_day(dt.date(2026, 3, 31)) * DAY + 5 == months_later(start, np.array([2]))[0]
