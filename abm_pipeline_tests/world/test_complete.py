"""The world arrives complete: what a vendor's API reveals is in the facts exactly once.

What no API reveals (below a privacy threshold, past its retention) is in the truth table `hidden`, with the reason.
"""

from __future__ import annotations

import pandas as pd

from abm_pipeline.contracts import tables as t
from abm_pipeline_tests.world.conftest import FIRST, UNTIL, Ran

KEY = ["source", "source_id", "touch_type"]


def test_every_touch_once(ran: Ran) -> None:
    """Touches of the ninety days by source, record and type, with the number of events that each stands for."""
    truth = ran.world.truth["touch"]
    truth = truth[truth.occurred_at >= pd.Timestamp(FIRST, tz="UTC")]
    if "same_as" in truth:
        truth = truth[truth.same_as.isna()]
    facts = ran.table(t.TOUCH, "day, source, source_id, touch_type, occurred_at, is_exposure, weight_count AS count")
    facts = facts[facts.day.between(pd.Timestamp(FIRST), pd.Timestamp(UNTIL))]
    both = truth.merge(facts, on=KEY, how="outer", indicator=True, suffixes=("_true", ""))
    missing, extra = both[both._merge == "left_only"], both[both._merge == "right_only"]
    assert {} == _by_type(missing), missing[KEY].head(3).to_dict("records")
    assert {} == _by_type(extra), extra[KEY].head(3).to_dict("records")
    assert not both.duplicated(KEY).any()
    assert {} == _by_type(both[both["count"] != both.count_true])
    assert {} == _by_type(both[both.is_exposure != both.is_exposure_true])
    assert {} == _by_type(both[(both.occurred_at - both.occurred_at_true).abs() > pd.Timedelta(seconds=1)])


def _by_type(rows: pd.DataFrame) -> dict[object, int]:
    return rows.groupby(["source", "touch_type"]).size().to_dict()


def test_every_deal_once(ran: Ran) -> None:
    """Deals that stand: not deleted, not a copy of one in another system, with a currency that exists."""
    truth = ran.world.truth["deal"]
    truth = truth[~truth.is_deleted.astype(bool) & (truth.currency != "XTS")]
    if "same_as" in truth:
        truth = truth[truth.same_as.isna()]
    wanted = set(truth.source + ":" + truth.deal_id)
    got = set(ran.table(t.FACT_DEAL, "DISTINCT deal_id").deal_id)
    backwards = truth[pd.to_datetime(truth.closed_day) < truth.created_at.dt.tz_localize(None).dt.floor("D")]
    assert set() == got - wanted
    assert set(backwards.source + ":" + backwards.deal_id) == wanted - got


def test_every_person_and_company_record_has_its_place(ran: Ran) -> None:
    """Each contact is in `identity.person`, each company record in `identity.member`, once.

    Whom reports tell by what they did (they have no date of creation) is there if they did it in the ninety days.
    """
    people, touch = ran.world.truth["contact"], ran.world.truth["touch"]
    seen = touch[touch.occurred_at >= pd.Timestamp(FIRST, tz="UTC")]
    seen = set(seen.source + ":" + seen.contact_id.astype(str))
    people = people[people.created_at.notna() | (people.source + ":" + people.contact_id).isin(seen)]
    wanted = set(people.source + ":" + people.contact_id)
    person = ran.table(t.PERSON, "source, source_id")
    assert not person.duplicated().any()
    assert set() == wanted - set(person.source + ":" + person.source_id)
    records = ran.world.truth["record_company"]
    # LinkedIn names the organisations that ads were delivered to; a lead is a person, a domain no record.
    reached = ran.world.truth["ad"].query("day >= @FIRST").organization_id.astype(str)
    records = records[~records.object.isin(["Lead", "domain"])]
    records = records[(records.source != "linkedin") | records.source_id.isin(reached)]
    # A file of intent stands for its week, and is taken in by a run over that week.
    signals = ran.world.truth["intent_signal"].query("source == 'techtarget'")
    lately = signals[pd.to_datetime(signals.signal_day) >= pd.Timestamp(FIRST)].company_id
    records = records[(records.source != "techtarget") | records.company_id.isin(lately)]
    member = ran.table(t.MEMBER, "source, source_id")
    assert set() == set(records.source + ":" + records.source_id) - set(member.source + ":" + member.source_id)


def test_what_is_hidden_has_a_reason(ran: Ran) -> None:
    """Every source that hides something says what, why and how many rows."""
    hidden = ran.world.truth["hidden"]
    assert len(hidden)
    assert not hidden[["source", "what", "reason"]].isna().any().any()
    assert (hidden.rows >= 0).all()
