"""Hard company records with known truth, against which account identity resolution is measured.

Belongs here: companies and families as they are (`families`, `domains`), what six systems hold of them (`sources`,
`recordnames`, `keys`, `identifiers`, `relations`, `facts`), what goes wrong and how often (`shares`, `mess`, `junk`),
and the snapshots (`recordset`). Does not belong here: any rule of the resolution; nothing of the pipeline is
imported, and no share is tuned to what it can or cannot do.

Truth has three levels. An *entity* is a company in one country, or one of its sites. An *account* is a brand with all
its country entities. Divisions, acquired companies and sister brands are accounts of their own with a parent. A
*group* is everything under one ultimate parent at that snapshot: a company acquired just before the second snapshot
changes group there, its account stays. A franchise is one account: the name and most of the keys are one, and whoever
sells to it sells to the brand first; its owners are its entities. A renamed company stays the same account. Each junk
record (`test`, a private person, spam) is an account of its own.

A careful human with all sources in view could decide most records. Not decidable, and still in the truth:

- a record with a name only, where several companies have that name (namesakes by Zipf's law), or only the first word;
- a record of a division without a name, on the domain, site or number of its parent;
- a record whose only key is somebody else's (a shared host, an agency's domain) and whose name is none;
- a country entity that trades under a local name, in a source that has neither its domain nor its number;
- a record under a former name that no source ties to the new one;
- whether a company whose name and site say "X, now part of Y" is still X: in the truth it is, with Y as its parent;
- initials as a name, shared by many companies.
"""

from __future__ import annotations

from abm_pipeline.sandbox.company_records.recordset import COLUMNS, RecordSet, make

__all__ = ["COLUMNS", "RecordSet", "make"]
