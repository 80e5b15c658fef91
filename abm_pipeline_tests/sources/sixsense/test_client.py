"""What is 6sense's own: a token per group, credits against throttle, companies without a match, what costs what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from abm_pipeline.programme import Programme
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent, Retriable, Skippable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, stream_of

SPEC, SCORE = stream_of("sixsense", "score")
_, ACCOUNT = stream_of("sixsense", "segment_account")
NOW = Window(datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def programme(**told: Any) -> Programme:
    """The defaults with `sources.sixsense`."""
    return PROGRAMME.model_copy(update={"sources": {"sixsense": told}})


def scored(chosen: Programme) -> list[str]:
    """Domains looked up and found, by a client of its own."""
    with connect(SPEC, chosen) as client:
        return [record.record_id for page in client.fetch(SCORE, NOW) for record in page.records]


def test_every_company_of_a_segment_is_looked_up_once(sandbox: running_sandbox) -> None:
    """A company in two segments costs one lookup; the network without a match is counted and left out."""
    sandbox.requests.clear()
    with connect(SPEC) as client:
        domains = {r.record_id.partition(":")[2] for page in client.fetch(ACCOUNT, NOW) for r in page.records}
        found = [record.record_id for page in client.fetch(SCORE, NOW) for record in page.records]
        assert {"companies_unknown": 1, "credits_used": len(found)} == dict(client.notes(SCORE))
    assert len(domains) == sandbox.requests["POST /sixsense/v2/people/full"]
    assert {"metro-broadband.net"} == domains - set(found)


def test_only_chosen_segments_and_named_companies_are_scored(sandbox: running_sandbox) -> None:
    """One segment's companies and another one by name, in any spelling; nobody twice."""
    tier = {
        record.record_id.partition(":")[2]
        for record in fetched(SPEC, ACCOUNT, NOW)
        if record.record_id.startswith("101:")
    }
    other = next(domain for domain in scored(PROGRAMME) if domain not in tier)
    chosen = programme(segments=["Tier 1 accounts"], companies={other.upper(): "Germany"})
    assert sorted([*tier, other]) == scored(chosen)


def test_without_the_segments_token_named_companies_are_scored(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments are left out with a note; with no company named either, so are the scores."""
    domain = scored(PROGRAMME)[0]
    monkeypatch.delenv("ABM_SIXSENSE_SEGMENTS_TOKEN")
    assert [domain] == scored(programme(companies={domain: "Germany"}))
    reports = {report.stream: report.notes for report in extract(SPEC, settings, [UNTIL], "run")}
    assert "ABM_SIXSENSE_SEGMENTS_TOKEN is not set" in str(reports["segment_account"]["skipped"])
    assert "no company to look up" in str(reports["score"]["skipped"])
    with connect(SPEC) as client, pytest.raises(Skippable):
        list(client.fetch(SCORE, NOW))


def test_used_up_credits_are_never_retried(sandbox: running_sandbox, settings: Settings) -> None:
    """The third lookup is refused with 402: one refusal, and the segments are stored."""
    sandbox.configure("sixsense", credits=2)
    sandbox.requests.clear()
    with pytest.raises(ExtractError, match=r"credits are used up.*Waiting doesn't help") as caught:
        extract(SPEC, settings, [UNTIL], "run")
    assert {"score"} == set(caught.value.failures)
    assert 3 <= sandbox.requests["POST /sixsense/v2/people/full"] <= 4


def test_a_throttle_is_waited_for_a_minute(sandbox: running_sandbox) -> None:
    """429 tells no wait."""
    sandbox.configure("sixsense", per_minute=0)
    with connect(SPEC) as client, pytest.raises(Retriable, match="throttled") as caught:
        client.check()
    assert 60.0 == caught.value.retry_after


@pytest.mark.parametrize("group", ["SEGMENTS", "SCORING"])
def test_the_token_that_was_refused_is_named(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    """Each opens one group of APIs; the refusal is plain text."""
    monkeypatch.setenv(f"ABM_SIXSENSE_{group}_TOKEN", "Tr0ub4dor")
    with connect(SPEC) as client, pytest.raises(Permanent, match=f"refused.*Check ABM_SIXSENSE_{group}_TOKEN"):
        list(client.fetch(SCORE, NOW))


def test_scores_may_be_switched_off(sandbox: running_sandbox) -> None:
    """The token's shape of answer has none: companies are kept, and the note counts them."""
    sandbox.configure("sixsense", has_scores=False)
    with connect(SPEC) as client:
        found = [record for page in client.fetch(SCORE, NOW) for record in page.records]
        assert len(found) == client.notes(SCORE)["answers_without_scores"]
    assert not any("scores" in orjson.loads(record.payload) for record in found)
