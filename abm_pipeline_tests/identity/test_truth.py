"""Identity of people against the planted truth of the sandbox: which records are the same human."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs.sandboxed import credentials
from abm_pipeline.identity.refresh import refresh as identify
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.salesforce import SPEC
from abm_pipeline.staging.refresh import refresh as stage
from abm_pipeline_tests.identity.staged import read, settings_of

END = date(2026, 6, 30)


def test_every_human_of_the_crm_is_one_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulled, staged and resolved: records share a person_id exactly if they are of one human, leads that were
    converted, merged contacts and duplicates among them."""
    with running_sandbox("tiny", until=END) as sandbox:
        for name, value in credentials(sandbox.url).items():
            monkeypatch.setenv(name, value)
        settings = settings_of(tmp_path)
        extract(SPEC, settings, [END], "run")
        people = sandbox.world.truth["contact"].query("source == 'salesforce'")
        humans = dict(zip(people.contact_id, people.person, strict=True))
    stage(settings, [END], "run")
    identify(settings, [END], "run")
    found = dict(read(settings.open_lake, t.PERSON, "source_id person_id"))

    def groups(persons: dict[str, object]) -> set[frozenset[str]]:
        members: dict[object, set[str]] = {}
        for record, person in persons.items():
            members.setdefault(person, set()).add(record)
        return {frozenset(records) for records in members.values()}

    assert groups(humans) == groups(found)
    assert any(len({record[:3] for record in records}) == 2 for records in groups(humans)), "no lead was converted"
