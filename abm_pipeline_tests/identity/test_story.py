"""Why each record is a member, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.contracts.tables import MEMBER
from abm_pipeline.identity.decisions import decide
from abm_pipeline.identity.story import history, tell
from abm_pipeline.identity.wording import lines, past
from abm_pipeline.settings import Settings
from abm_pipeline.storage.lake import now_ns
from abm_pipeline_tests.identity.decided import write_identity
from abm_pipeline_tests.identity.staged import settings_of


@pytest.fixture
def mine(tmp_path: Path) -> Settings:
    """The Acme lake."""
    made = settings_of(tmp_path).model_copy(update={"user": "ada"})
    write_identity(made)
    return made


def told(settings: Settings, account_id: str) -> list[str]:
    """The story's lines, without indent."""
    return [line.strip() for line in lines(tell(settings, account_id))]


def test_each_record_is_told_by_the_strongest_chain(mine: Settings) -> None:
    """zoominfo:9 by way of hubspot:12 has 0.999 × 0.97 = 0.969, more than the 0.7 of its direct link.

    Evidence for it comes strongest first, what speaks against it last; a record without links says so.
    """
    said = told(mine, "acc_acme")
    start = said.index("4 records:") + 1
    assert [
        "salesforce:001A Acme GmbH — stands for the account: its oldest record",
        "hubspot:12 Acme — same domain acme.de and same name as salesforce:001A, although other city "
        "(probability 0.999)",
        "zoominfo:9 ACME Deutschland — same rare name as hubspot:12 (probability 0.970)",
        "bombora:acme.de Acme — evidence (probability 1); no link to it is kept",
    ] == said[start : start + 4]
    assert "acme.de" in said
    assert "acc_old (merged)" in said
    assert "Parent: none" in said


def test_a_neighbour_that_was_refused_is_told_once(mine: Settings) -> None:
    """Acme Cloud was refused to two records of Acme: the nearer pair is told."""
    (line,) = [line for line in told(mine, "acc_acme") if line.startswith("not merged with")]
    assert (
        "not merged with Acme Cloud Ltd (acc_cloud): parent and child in salesforce "
        "[salesforce:001A and salesforce:001B]" == line
    )


def test_the_parent_is_told_with_its_reason(mine: Settings) -> None:
    """The CRM names it; or, once somebody decided, who did."""
    crm = "Parent: Acme GmbH (acc_acme): salesforce:001B names salesforce:001A as its parent"
    assert crm in told(mine, "acc_cloud")
    made, _ = decide(mine, "set_parent", "salesforce:001B", "salesforce:001A", why="register of companies")
    assert crm in told(mine, "acc_cloud"), "the decision has not been applied yet"
    mine.open_lake.mark_computed(MEMBER, [None], now_ns(), "data")
    assert f"Parent: Acme GmbH (acc_acme): ada decided it ({made.decision_id})" in told(mine, "acc_cloud")


def test_decisions_are_told_with_who_why_and_what_became_of_them(mine: Settings) -> None:
    """A merge that waits for the next run; a pin that was undone, and the undo itself; nothing of other accounts."""
    merge, _ = decide(mine, "merge", "salesforce:001A", "hubspot:12", why="phoned them")
    pin, _ = decide(mine, "pin_domain", "hubspot:12", "domain:acme.com", why="shop")
    undo, _ = decide(mine, "undo", why="not theirs", undoes=pin.decision_id)
    decide(mine, "never_merge", "salesforce:001I", "salesforce:001U", why="")
    entries, former = history(mine, "acc_acme")
    text = "\n".join(past(entries, former))
    assert "ada: salesforce:001A and hubspot:12 are one account (phoned them); takes effect at the next run" in text
    assert f"acme.com belongs to the account of hubspot:12 (shop); undone by ada with {undo.decision_id}" in text
    assert f"{pin.decision_id} no longer holds (not theirs)" in text
    assert "001U" not in text
    assert text.index(merge.decision_id) < text.index(pin.decision_id) < text.index("acc_old")
    assert 4 == len(history(mine)[0])


def test_a_member_by_decision_names_who_decided(mine: Settings) -> None:
    """Once applied, the link's own reason gives way to the person's."""
    made, _ = decide(mine, "merge", "salesforce:001A", "hubspot:12", why="phoned them")
    (line,) = [line for line in told(mine, "acc_acme") if line.startswith("hubspot:12")]
    assert f"ada decided that it is salesforce:001A ({made.decision_id}: phoned them)" in line
