"""Visits and intent that name a domain only, from what is staged to what is counted."""

from __future__ import annotations

from pathlib import Path

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh as find
from abm_pipeline.identity.refresh import refresh as identify
from abm_pipeline.metrics.refresh import refresh as measure
from abm_pipeline.storage.engine import connect
from abm_pipeline_tests.identity.staged import accounts_of, at, company, read, settings_of, span, stage

NAMES = ("Borealis Foods", "Cinder Bank", "Dune Travel", "Ember Steel", "Fjord Media", "Grove Labs")


def test_a_domain_belongs_to_who_owns_it_or_to_nobody(tmp_path: Path) -> None:
    """acme.com is Acme's. Six unlike companies have their site at host.io, which is so nobody's; other.com is known to
    no record. Of three visits and three topics of intent each acme.com's are Acme's; two belong to no account, one of
    them for being at a shared domain. A visit at host.io by Ann of Acme is Acme's, as she is."""
    config, days = settings_of(tmp_path), span("2025-03-01", 1)
    lake, day = config.open_lake, at("2025-03-01")
    firms = [company("0", name="Acme", domain="acme.com")]
    firms += [company(str(i), name=name, domain="host.io") for i, name in enumerate(NAMES, 1)]
    stage(lake, t.COMPANY, firms)
    stage(lake, t.CONTACT, [{"source_id": "ann", "email_domain": "acme.com", "email_hash": "a", "modified_at": day}])
    visit = {"touch_type": "web_visit", "channel": "web", "occurred_at": day, "modified_at": day}
    where = [("acme.com", None), ("host.io", None), ("other.com", None), ("host.io", "ann")]
    stage(
        lake,
        t.ACTIVITY,
        [visit | {"source_id": str(i), "domain": d, "contact_source_id": who} for i, (d, who) in enumerate(where)],
    )
    signal = {"source": "bombora", "topic": "crm", "signal_day": days[0], "day": days[0], "modified_at": day}
    stage(lake, t.INTENT_SIGNAL, [signal | {"source_id": d, "domain": d} for d, _ in where[:3]])
    identify(config, days, "run")
    find(config, days, "run")
    measure(config, days, "run", tables=(t.DATA_HEALTH,))

    acme = accounts_of(lake)["salesforce:0"]
    with connect() as con:
        for table in (t.TOUCH, t.INTENT, t.MEMBER):
            lake.attach(con, table)
        (touches, topics) = (
            con.execute(
                f"SELECT f.company_key, m.account_id FROM {table} AS f "
                "LEFT JOIN identity.member AS m ON m.source || ':' || m.source_id = f.company_key ORDER BY ALL"
            ).fetchall()
            for table in (t.TOUCH, t.INTENT)
        )
    nobody = [("domain:host.io", None), ("domain:other.com", None)]
    assert [("domain:acme.com", acme), nobody[0], *nobody] == touches
    assert [("domain:acme.com", acme), *nobody] == topics
    assert [(acme,)] == read(lake, t.PERSON, "account_id")
    assert [("salesforce", 0.5, 2, 1, 0, 0), ("bombora", None, 0, 0, 2, 1)] == [
        row
        for source in ("salesforce", "bombora")
        for row in read(
            lake,
            t.DATA_HEALTH,
            "source match_rate touches_unmatched touches_ambiguous intent_unmatched intent_ambiguous",
        )
        if row[0] == source
    ]
