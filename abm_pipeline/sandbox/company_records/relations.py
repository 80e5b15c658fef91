"""What a record says of other records: the same company elsewhere (xref) and the parent, right, stale or wrong."""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.company_records.arrays import Array, Rng, another, blank, draw, words
from abm_pipeline.sandbox.company_records.families import ACQUIRED, Accounts, Entities
from abm_pipeline.sandbox.company_records.keys import Pairs
from abm_pipeline.sandbox.company_records.shares import DNB, HUBSPOT, INTENT, MARKETO, SALESFORCE, SOURCES, Mess
from abm_pipeline.sandbox.company_records.sources import Rows

# Which sources a source is synced with.
SYNCED = {
    SALESFORCE: (HUBSPOT, DNB),
    HUBSPOT: (SALESFORCE,),
    INTENT: (SALESFORCE,),
    MARKETO: (SALESFORCE, SALESFORCE, HUBSPOT),
}


def _partner(rng: Rng, rows: Rows, wanted: Array, account: Array, source: Array, exact: bool) -> Array:
    """For each wanted row a row of the source about the account, of the same entity if it can be; -1 if none yet."""
    out = np.full(len(wanted), -1)
    for code in np.unique(source):
        mine = source == code
        offered = np.flatnonzero(rows.source == code)
        near = another(rng, rows.entity[wanted[mine]], rows.entity[offered]) if exact else np.full(int(mine.sum()), -1)
        found = np.where(near >= 0, near, another(rng, account[mine], rows.account[offered]))
        out[mine] = np.where(found >= 0, offered[found] if len(offered) else -1, -1)
    later = (out >= 0) & (rows.born[out] > rows.since[wanted])
    out[later | (out >= 0) & (rows.record[out] == rows.record[wanted])] = -1
    return out


def make_xrefs(rng: Rng, mess: Mess, rows: Rows, ids: Array, accounts: Accounts) -> Pairs:
    """`source:source_id` of the records a sync says are the same."""
    known = mess.present("xref")
    account = rows.account.copy()
    bought = rows.absorbed & (accounts.kind[account] == ACQUIRED)
    picked = mess.plant("xref_to_acquirer", known & bought)
    account[picked] = accounts.parent[account[picked]]
    wrong = mess.plant("xref_wrong", known)
    account[wrong] = rng.integers(0, len(accounts.kind), len(wrong))
    wanted = np.flatnonzero(known)
    target = np.zeros(len(wanted), dtype=np.int64)
    for code, partners in SYNCED.items():
        mine = rows.source[wanted] == code
        target[mine] = draw(rng, words([str(p) for p in partners]), int(mine.sum())).astype(np.int64)
    true = account[wanted] == rows.account[wanted]
    found = np.where(
        true,
        _partner(rng, rows, wanted, account[wanted], target, exact=True),
        _partner(rng, rows, wanted, account[wanted], target, exact=False),
    )
    told = found >= 0
    row, found = wanted[told], found[told]
    value = words(SOURCES)[rows.source[found]] + ":" + ids[rows.record[found]]
    stale = np.zeros(len(known), dtype=bool)
    stale[mess.plant("xref_stale", known)] = True
    gone = stale[row]
    value[gone] = words([v[:-4] + "0" + v[-4:][::-1][:3] for v in value[gone]])
    return Pairs(row, value)


def make_parents(
    rng: Rng, mess: Mess, rows: Rows, ids: Array, accounts: Accounts, entities: Entities, names: Array
) -> Array:
    """The parent as `source:source_id` or a name; a country entity's parent is its own brand's head office."""
    n = len(rows.record)
    office = rows.entity != entities.first[rows.account]
    above = accounts.parent[rows.account]
    above = np.where((accounts.kind[rows.account] == ACQUIRED) & ~rows.absorbed, -1, above)
    account = np.where(office, rows.account, above)
    known = mess.present("parent") & (account >= 0)
    wrong = mess.plant("parent_wrong", known)
    account[wrong] = rng.integers(0, len(accounts.kind), len(wrong))
    out = blank(n)
    wanted = np.flatnonzero(known)
    found = np.full(len(wanted), -1)
    own = np.isin(rows.source[wanted], (SALESFORCE, HUBSPOT, DNB))
    found[own] = _partner(rng, rows, wanted[own], account[wanted[own]], rows.source[wanted[own]], exact=False)
    # Offices name the record of the head office, not of another office.
    astray = (found >= 0) & office[wanted] & (rows.entity[found] != entities.first[account[wanted]])
    found[astray] = -1
    named = np.zeros(n, dtype=bool)
    named[mess.plant("parent_by_name", known)] = True
    by_name = named[wanted] | ((found < 0) & (rows.source[wanted] == DNB))
    text = accounts.names.core[account[wanted]]
    text = np.where(rows.source[wanted] == DNB, words([t.upper() for t in text]), text)
    address = np.where(found >= 0, words(SOURCES)[rows.source[wanted]] + ":" + ids[rows.record[found]], "")
    out[wanted] = np.where(by_name, text, address)
    selfish = mess.plant("parent_is_self", known)
    out[selfish] = words(SOURCES)[rows.source[selfish]] + ":" + ids[rows.record[selfish]]
    named_self = selfish[rng.random(len(selfish)) < 0.3]
    out[named_self] = names[named_self]
    return out
