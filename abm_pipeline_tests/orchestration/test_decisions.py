"""What sensors decide: tables of a few rows with the answer worked by hand."""

from __future__ import annotations

import json
from datetime import date

from abm_pipeline.defs._decisions import (
    QUIET_NS,
    SETTLED_NS,
    Decision,
    after_files_change,
    after_identity_decision,
    after_model_change,
    after_source_change,
    alert,
    ranges,
)

D1, D2, D3, D5 = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 5)
LATER = SETTLED_NS + 1000
VERSIONS = {"default": "1+aaaa"}
STATE = json.dumps({"champion": "default", "models": VERSIONS}, sort_keys=True)


def test_days_become_ranges_without_gaps() -> None:
    """1, 2, 3 and 5 June are two ranges, whatever order and however often they come."""
    assert ((D1, D3), (D5, D5)) == ranges([D5, D2, D1, D3, D2])
    assert () == ranges([])


def test_nothing_is_requested_while_raw_is_staged() -> None:
    """Staged at 20 what changed at 10."""
    decision = after_source_change({("salesforce", D1): 10}, {("salesforce", D1): 20}, None, is_busy=False, now=LATER)
    assert Decision((), None, "nothing changed") == decision


def test_exactly_the_changed_and_the_never_staged_days_are_requested() -> None:
    """1 June changed at 30 after staging at 20; 2 June is staged; 5 June never was, of another vendor."""
    raw = {("salesforce", D1): 30, ("salesforce", D2): 10, ("linkedin", D5): 25}
    staged = {("salesforce", D1): 20, ("salesforce", D2): 20}
    decision = after_source_change(raw, staged, None, is_busy=False, now=LATER)
    assert (((D1, D1), (D5, D5)), "30") == (decision.ranges, decision.cursor)


def test_a_vendor_staged_today_does_not_hide_another_vendors_change() -> None:
    """Salesforce's 1 June is staged at 40; LinkedIn's changed at 30 and is not."""
    raw = {("salesforce", D1): 30, ("linkedin", D1): 30}
    decision = after_source_change(raw, {("salesforce", D1): 40}, None, is_busy=False, now=LATER)
    assert ((D1, D1),) == decision.ranges


def test_a_change_is_requested_once_even_if_its_refresh_fails() -> None:
    """Requested at 30 and still not staged: not again, until something newer changes, which takes both days."""
    raw = {("salesforce", D1): 30}
    assert () == after_source_change(raw, {}, "30", is_busy=False, now=LATER).ranges
    later = after_source_change({**raw, ("salesforce", D5): 35}, {}, "30", is_busy=False, now=LATER)
    assert (((D1, D1), (D5, D5)), "35") == (later.ranges, later.cursor)


def test_it_waits_while_a_run_is_under_way_and_forgets_nothing() -> None:
    """The run may stage the days; the cursor stays, so the next look decides."""
    decision = after_source_change({("salesforce", D1): 30}, {}, "7", is_busy=True, now=LATER)
    assert ((), "7") == (decision.ranges, decision.cursor)


def test_a_fresh_change_is_left_to_the_refresh_that_follows_an_ingest() -> None:
    """Changed at 30, a nanosecond short of two minutes ago: not yet; at two minutes: yes."""
    raw = {("salesforce", D1): 30}
    assert () == after_source_change(raw, {}, None, is_busy=False, now=30 + SETTLED_NS - 1).ranges
    assert ((D1, D1),) == after_source_change(raw, {}, None, is_busy=False, now=30 + SETTLED_NS).ranges


def test_an_edited_model_is_one_backfill_over_all_history() -> None:
    """Days 1 to 5 June are scored under the old version; the new one misses them all, one range is asked for."""
    now = {"default": "1+bbbb"}
    decision = after_model_change(now, "default", {"default": [D1, D2, D5]}, [D1, D2, D5], STATE)
    assert (((D1, D5),), "default changed") == (decision.ranges, decision.why)
    again = after_model_change(now, "default", {"default": [D1, D2, D5]}, [D1, D2, D5], decision.cursor)
    assert () == again.ranges


def test_another_champion_is_one_backfill_though_no_score_is_missing() -> None:
    """Both models are scored; what reads scores has to change its mind."""
    versions = {**VERSIONS, "steep": "1+cccc"}
    state = json.dumps({"champion": "default", "models": versions}, sort_keys=True)
    decision = after_model_change(versions, "steep", {"default": [], "steep": []}, [D1, D5], state)
    assert (((D1, D5),), "the champion is now steep") == (decision.ranges, decision.why)


def test_a_first_look_remembers_and_asks_only_for_what_is_missing() -> None:
    """Without a cursor, complete scores are taken as they are; missing ones are asked for."""
    assert Decision((), STATE, "every scored day has every model's present version") == after_model_change(
        VERSIONS, "default", {"default": []}, [D1], None
    )
    assert ((D1, D2),) == after_model_change(VERSIONS, "default", {"default": [D2]}, [D1, D2], None).ranges


def test_an_edit_before_anything_is_scored_asks_for_nothing() -> None:
    """The first run will score with the model as it is."""
    assert () == after_model_change({"default": "1+bbbb"}, "default", {"default": []}, [], STATE).ranges


def test_a_decision_about_identity_is_one_refresh_of_the_newest_day() -> None:
    """The first look remembers "merge a b"; "never_merge c d" beside it asks for 5 June once; taking it back, again."""
    first = after_identity_decision(["merge a b"], [D1, D5], None)
    second = after_identity_decision(["never_merge c d", "merge a b"], [D1, D5], first.cursor)
    same = after_identity_decision(["merge a b", "never_merge c d"], [D1, D5], second.cursor)
    back = after_identity_decision(["merge a b"], [D1, D5], second.cursor)
    assert ((), ((D5, D5),), (), ((D5, D5),)) == (first.ranges, second.ranges, same.ranges, back.ranges)
    assert () == after_identity_decision([], [], first.cursor).ranges


def test_an_alert_says_which_run_which_steps_and_which_days_but_no_error_text() -> None:
    """One step failed by ExtractError on one day."""
    message = alert("r1", "ingest", {"dagster/partition": "2026-06-01"}, {"raw_linkedin": "ExtractError"})
    assert {
        "text": "ingest failed for 2026-06-01: raw_linkedin (ExtractError). Run r1.",
        "run_id": "r1",
        "job": "ingest",
        "failed_steps": {"raw_linkedin": "ExtractError"},
        "days": ["2026-06-01"],
    } == message


def _look(size: int, at: int, cursor: str | None, now: int, pulled: int = -1, is_busy: bool = False) -> Decision:
    """One look at a folder with one file of 1 June."""
    return after_files_change({"a.csv": (size, at)}, {"a.csv": D1}, {D1: pulled}, cursor, is_busy, now)


def test_a_file_is_asked_for_when_two_looks_find_it_the_same_and_old_enough() -> None:
    """It grows from 5 to 9 bytes between the first two looks, stays so, and is asked for once."""
    first = _look(5, 100, None, QUIET_NS + 100)
    second = _look(9, 200, first.cursor, QUIET_NS + 200)
    third = _look(9, 200, second.cursor, QUIET_NS + 200)
    assert [(), (), ((D1, D1),)] == [first.ranges, second.ranges, third.ranges]
    assert () == _look(9, 200, third.cursor, 2 * QUIET_NS + 200).ranges


def test_a_fresh_file_waits_though_it_did_not_change() -> None:
    """Written to a nanosecond short of a minute ago: not yet; at a minute: yes."""
    seen = _look(5, 100, None, 100).cursor
    assert () == _look(5, 100, seen, QUIET_NS + 99).ranges
    assert ((D1, D1),) == _look(5, 100, seen, QUIET_NS + 100).ranges


def test_a_file_waits_while_a_run_is_under_way_and_is_not_forgotten() -> None:
    """Settled, but busy; then not busy: asked for."""
    seen = _look(5, 100, None, QUIET_NS + 100).cursor
    busy = _look(5, 100, seen, QUIET_NS + 100, is_busy=True)
    assert () == busy.ranges
    assert ((D1, D1),) == _look(5, 100, busy.cursor, QUIET_NS + 100).ranges


def test_a_changed_file_is_another_version() -> None:
    """Asked for at 5 bytes; then it has 6."""
    cursor = _look(5, 100, _look(5, 100, None, QUIET_NS + 100).cursor, QUIET_NS + 100).cursor
    changed = _look(6, 300, cursor, QUIET_NS + 300)
    assert () == changed.ranges
    assert ((D1, D1),) == _look(6, 300, changed.cursor, QUIET_NS + 300).ranges


def test_the_first_look_takes_what_was_pulled_since_as_asked_for() -> None:
    """Written to at 100; its day was pulled at 200, so nothing is to do; pulled at 50, it is new."""
    done = _look(5, 100, None, QUIET_NS + 100, pulled=200)
    assert () == _look(5, 100, done.cursor, QUIET_NS + 100).ranges
    new = _look(5, 100, None, QUIET_NS + 100, pulled=50)
    assert ((D1, D1),) == _look(5, 100, new.cursor, QUIET_NS + 100).ranges


def test_a_file_that_vanishes_is_forgotten() -> None:
    """Gone, nothing is asked for; back with the same bytes and stamp, it is taken again."""
    cursor = _look(5, 100, _look(5, 100, None, QUIET_NS + 100).cursor, QUIET_NS + 100).cursor
    gone = after_files_change({}, {}, {}, cursor, False, QUIET_NS + 100)
    assert ((), '{"seen": {}, "asked": {}}') == (gone.ranges, gone.cursor)
    assert () == _look(5, 100, gone.cursor, QUIET_NS + 100).ranges


def test_a_challenger_s_edit_scores_what_it_misses_and_nothing_else() -> None:
    """The champion is as it was: no metric reads the challenger, so only scores are asked for, of days 2 to 5."""
    versions = {**VERSIONS, "steep": "1+cccc"}
    decision = after_model_change(versions, "default", {"default": [], "steep": [D2, D5]}, [D1, D2, D5], STATE)
    assert (((D2, D5),), ("scoring",)) == (decision.ranges, decision.groups)
    assert () == after_model_change(versions, "default", {"default": [], "steep": [D2]}, [D2], decision.cursor).ranges
