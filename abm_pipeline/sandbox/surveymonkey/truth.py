"""What SurveyMonkey's API can reveal at the clock, for tests; and what it can't, with the reason."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.surveymonkey.records import ANONYMOUS, BY_ACCOUNT, SURVEYS, ident, records
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.truth import utc


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows by table: contact, record_company, survey_response, hidden."""
    table, names, people = records(world), world.companies.company_id, world.people.contacts
    rows = table.visible(world.instant)
    rows = rows[table.columns["status"][rows] != "disqualified"]
    c = {name: values[rows] for name, values in table.columns.items()}
    low, choices = (np.array([getattr(s, name) for s in SURVEYS])[c["survey"]] for name in ("low", "choices"))
    has_score = (choices > 0) & ~c["is_skipped"]
    types = np.where(choices == 11, "nps", np.where(choices > 0, "csat", "other"))
    known = np.flatnonzero(c["how"] < BY_ACCOUNT)
    person = c["_person"][known]
    contact = pd.DataFrame({
        "source": "surveymonkey", "contact_id": [sha256(people.email[p].lower().encode()).hexdigest() for p in person],
        "object": "response", "company_id": names[c["_company"][known]], "role": None, "is_role_known": False,
        "person": person, "is_deleted": False, "created_at": utc(c["CreatedDate"][known]),
    })  # fmt: skip
    by_account = np.flatnonzero(c["how"] == BY_ACCOUNT)
    company = pd.DataFrame({
        "source": "surveymonkey", "object": "account", "source_id": c["account"][by_account],
        "company_id": names[c["_company"][by_account]], "is_hard": False,
    })  # fmt: skip
    answers = pd.DataFrame({
        "source": "surveymonkey", "source_id": [ident(int(r)) for r in table.record[rows]],
        "company_id": np.where(c["how"] == ANONYMOUS, None, names[c["_company"]]),
        "survey_id": [SURVEYS[s].ident for s in c["survey"]], "survey_type": types,
        "score": np.where(has_score, low + c["choice"], np.nan), "answered_at": utc(c["CreatedDate"]),
    })  # fmt: skip
    gone = int((table.valid_to[np.flatnonzero(np.diff(table.record, append=-1))] <= world.instant).sum())
    anonymous = int((c["how"] == ANONYMOUS).sum())
    return {
        "contact": contact.drop_duplicates("contact_id"),
        "record_company": company.drop_duplicates("source_id"),
        "survey_response": answers,
        "hidden": pd.DataFrame({
            "source": "surveymonkey", "what": ["deleted responses", "companies of anonymous responses"],
            "reason": ["vanish without a trace", "neither person nor account is told"], "rows": [gone, anonymous],
        }),
    }  # fmt: skip
