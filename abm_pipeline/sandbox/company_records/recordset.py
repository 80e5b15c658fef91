"""Puts records, truth and parents together and cuts them into snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm_pipeline.sandbox.company_records.arrays import Array, draw, stream, words
from abm_pipeline.sandbox.company_records.domains import make_domains
from abm_pipeline.sandbox.company_records.facts import make_industries, make_places, make_sizes, make_times
from abm_pipeline.sandbox.company_records.families import (
    JUNK,
    KINDS,
    Accounts,
    make_accounts,
    make_entities,
    parents_at,
    roots,
)
from abm_pipeline.sandbox.company_records.identifiers import make_duns, make_pages, make_phones
from abm_pipeline.sandbox.company_records.junk import junk_columns
from abm_pipeline.sandbox.company_records.keys import Pairs, make_sites
from abm_pipeline.sandbox.company_records.mess import dirty_names, replaced_names
from abm_pipeline.sandbox.company_records.recordnames import base_names, tell_news
from abm_pipeline.sandbox.company_records.relations import make_parents, make_xrefs
from abm_pipeline.sandbox.company_records.shares import SOURCES, Mess
from abm_pipeline.sandbox.company_records.sources import Rows, junk_counts, make_ids, make_rows
from abm_pipeline.sandbox.company_records.words import PLACEHOLDERS

COLUMNS = [
    *("source", "source_id", "name", "website", "domain", "additional_domains", "email_domains", "linkedin_id", "xref"),
    *(
        "phone",
        "duns",
        "country",
        "region",
        "city",
        "industry",
        "employee_count",
        "parent",
        "created_at",
        "modified_at",
    ),
]
LISTS = ("additional_domains", "email_domains", "xref")
# What changes when somebody edits a record; the rest stays as it was.
EDITED = ("name", "website", "domain", "parent")
NAME_ONLY_LOSES = ("website", "domain", "linkedin_id", "phone", "duns", "region", "city", "industry", "parent")
PLACEHOLDER_FIELDS = ("website", "phone", "city", "region", "industry", "linkedin_id", "duns", "parent")
DOMAIN_ONLY_LOSES = ("name", "linkedin_id", "phone", "duns", "country", "region", "city", "industry", "parent")


@dataclass(frozen=True)
class RecordSet:
    """One frame per snapshot, the first at position 0.

    `records` has COLUMNS (lists as Arrow lists of strings); `truth` has source, source_id, entity_id, account_id,
    group_id and kind; `parents` has child_account and parent_account. `planted` says of each mess how many were
    expected, the variance of that number, and how many were planted, over all versions of records about companies.
    """

    records: list[pd.DataFrame]
    truth: list[pd.DataFrame]
    parents: list[pd.DataFrame]
    planted: dict[str, tuple[float, float, int]]

    def write(self, directory: Path) -> None:
        """records_k, truth_k and parents_k as parquet, k from 1."""
        directory.mkdir(parents=True, exist_ok=True)
        for stem in ("records", "truth", "parents"):
            for k, frame in enumerate(getattr(self, stem), start=1):
                # pandas cannot read its own note of an Arrow list column back, so the files carry none.
                table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
                pq.write_table(table, directory / f"{stem}_{k}.parquet")


def make(companies: int, seed: int, snapshots: int = 3) -> RecordSet:
    """Records of about `companies` brands in every snapshot, with the truth; the same for the same arguments.

    Raises ValueError for fewer than 100 companies, of which families and strangers cannot be made, or for no snapshot.
    """
    if companies < 100 or snapshots < 1:
        raise ValueError("make at least 100 companies and one snapshot")
    accounts = make_accounts(companies, seed, snapshots)
    entities = make_entities(accounts, seed)
    domains = make_domains(accounts, entities, seed)
    rows = make_rows(accounts, entities, domains, seed, snapshots)
    first = rows.record[: int(rows.record.max()) + 1]
    junk_source = np.repeat(np.arange(len(SOURCES)), junk_counts(rows.source[first]))
    junk = len(junk_source)
    blank_key = np.zeros(junk, dtype=np.int64)
    sources = np.concatenate([rows.source[first], junk_source])
    ids = make_ids(
        sources,
        np.concatenate([entities.page[rows.entity[first]], blank_key]),
        np.concatenate([entities.duns[rows.entity[first]], blank_key]),
        seed,
    )
    rng = stream(seed, "records")
    mess = Mess(stream(seed, "mess"), rows.record, rows.source)
    sites = make_sites(rng, mess, rows, accounts, entities, domains)
    names = base_names(rng, rows, accounts, entities)
    tell_news(rng, mess, names, rows, accounts)
    dirty_names(rng, mess, names, rows, entities)
    shows = (sites.website != "") | (sites.domain != "")
    shows[sites.mail.row] = True
    replaced = replaced_names(rng, mess, names, sites.true, shows)
    country, region, city = make_places(rng, mess, rows, entities)
    created, modified = make_times(rng, rows)
    columns = {
        "name": names,
        "website": sites.website,
        "domain": sites.domain,
        "linkedin_id": make_pages(rng, mess, rows, accounts, entities),
        "phone": make_phones(rng, mess, rows, accounts, entities, domains),
        "duns": make_duns(rng, mess, rows, accounts, entities),
        "country": country,
        "region": region,
        "city": city,
        "industry": make_industries(rng, mess, rows, accounts),
        "parent": make_parents(rng, mess, rows, ids, accounts, entities, names),
    }
    lists = {
        "additional_domains": sites.more,
        "email_domains": sites.mail,
        "xref": make_xrefs(rng, mess, rows, ids, accounts),
    }
    size = make_sizes(rng, mess, rows, accounts, entities)
    _placeholders(rng, mess, columns)
    _bare_records(mess, rows, columns, lists, size, ~replaced & (rows.listed < 0))
    _keep_unedited(rows, columns, size)
    columns, lists = _with_junk(stream(seed, "junk"), columns, lists, junk_source, len(rows.record))
    born = np.concatenate([rows.born, stream(seed, "junk born").integers(1, snapshots + 1, junk)])
    junk_created, junk_modified = make_times(
        stream(seed, "junk times"), _junk_rows(junk_source, born[len(rows.record) :], snapshots)
    )
    record = np.concatenate([rows.record, len(first) + np.arange(junk)])
    frame = pd.DataFrame({"source": words(SOURCES)[sources[record]], "source_id": ids[record]})
    for name in COLUMNS[2:-2]:
        frame[name] = _list_column(lists[name], len(frame)) if name in LISTS else columns.get(name)
    frame["employee_count"] = pd.array(np.concatenate([size, np.full(junk, np.nan)]), dtype="Float64").astype("Int64")
    frame["created_at"] = pd.Series(np.concatenate([created, junk_created])).dt.tz_localize("UTC")
    frame["modified_at"] = pd.Series(np.concatenate([modified, junk_modified])).dt.tz_localize("UTC")
    for name in ("source", "source_id", *columns):
        text = frame[name]
        frame[name] = text.mask(text == "", None).astype("str")
    since = np.concatenate([rows.since, born[len(rows.record) :]])
    until = np.concatenate([rows.until, np.full(junk, snapshots + 1)])
    account = np.concatenate([rows.account, companies + np.arange(junk)])
    entity = np.concatenate([rows.entity, len(entities.account) + np.arange(junk)])
    return _cut(frame[COLUMNS], since, until, account, entity, accounts, junk, seed, snapshots, mess)


def _junk_rows(source: Array, born: Array, snapshots: int) -> Rows:
    n = np.arange(len(source))
    none = np.full(len(source), -1)
    return Rows(n, source, none, none, none, born, born, np.full(len(source), snapshots + 1), none > 0, none > 0)


def _placeholders(rng: np.random.Generator, mess: Mess, columns: dict[str, Array]) -> None:
    """Words for nothing in one field of a record that would be empty or known."""
    picked = mess.plant("placeholder_field")
    field = rng.integers(0, len(PLACEHOLDER_FIELDS), len(picked))
    for position, name in enumerate(PLACEHOLDER_FIELDS):
        rows = picked[field == position]
        columns[name][rows] = draw(rng, PLACEHOLDERS, len(rows))


def _bare_records(
    mess: Mess, rows: Rows, columns: dict[str, Array], lists: dict[str, Pairs], size: Array, may_lose_keys: Array
) -> None:
    """Records with a name only, or a domain only."""
    named = mess.plant("name_only", may_lose_keys)
    alone = mess.plant("domain_only", (columns["domain"] != "") | (columns["website"] != ""))
    for picked, loses in ((named, NAME_ONLY_LOSES), (alone, DOMAIN_ONLY_LOSES)):
        for name in loses:
            columns[name][picked] = ""
        size[picked] = np.nan
        bare = np.zeros(len(rows.record), dtype=bool)
        bare[picked] = True
        for name, pairs in lists.items():
            stays = ~bare[pairs.row]
            lists[name] = Pairs(pairs.row[stays], pairs.value[stays])


def _keep_unedited(rows: Rows, columns: dict[str, Array], size: Array) -> None:
    """Second versions have the first's values in what nobody edits."""
    records = int(rows.record.max()) + 1
    second = np.arange(records, len(rows.record))
    for name, values in columns.items():
        if name not in EDITED:
            values[second] = values[rows.record[second]]
    size[second] = size[rows.record[second]]


def _with_junk(
    rng: np.random.Generator, columns: dict[str, Array], lists: dict[str, Pairs], source: Array, before: int
) -> tuple[dict[str, Array], dict[str, Pairs]]:
    junk = junk_columns(rng, source)
    mail = np.flatnonzero(junk["mail"] != "")
    out = {
        name: np.concatenate([values, junk.get(name, np.full(len(source), "", dtype=object))])
        for name, values in columns.items()
    }
    mails = lists["email_domains"]
    added = Pairs(np.concatenate([mails.row, before + mail]), np.concatenate([mails.value, junk["mail"][mail]]))
    return out, lists | {"email_domains": added}


def _list_column(pairs: Pairs, n: int) -> pd.Series:
    """Lists by row, null where a row has no value; the same value once."""
    flat = pd.DataFrame({"row": pairs.row, "value": pairs.value}).drop_duplicates()
    flat = flat.sort_values("row", kind="stable")
    counts = np.bincount(flat["row"], minlength=n)
    offsets = np.r_[0, np.cumsum(counts)].astype(np.int32)
    values = pa.array(flat["value"].astype(object), type=pa.string())
    lists = pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(counts == 0))
    return pd.Series(pd.array(lists, dtype=pd.ArrowDtype(pa.list_(pa.string()))))


def _cut(
    frame: pd.DataFrame,
    since: Array,
    until: Array,
    account: Array,
    entity: Array,
    accounts: Accounts,
    junk: int,
    seed: int,
    snapshots: int,
    mess: Mess,
) -> RecordSet:
    """The state at each snapshot: rows seen then, in an order that tells nothing, and the families as they were."""
    rng = stream(seed, "snapshots")
    n = len(accounts.kind)
    kind = words(KINDS)[np.concatenate([accounts.kind, np.full(junk, JUNK)])]
    label = words([f"{k:08d}" for k in rng.permutation(n + junk).tolist()])
    entity_label = words([f"{k:08d}" for k in rng.permutation(int(entity.max()) + 1).tolist()])
    order = rng.permutation(len(frame))
    records, truth, parents = [], [], []
    for k in range(1, snapshots + 1):
        seen = order[((since <= k) & (k < until))[order]]
        records.append(frame.iloc[seen].reset_index(drop=True))
        parent = parents_at(accounts, k)
        root = np.concatenate([roots(parent), n + np.arange(junk)])
        mine = account[seen]
        told = {
            "source": frame["source"].to_numpy()[seen],
            "source_id": frame["source_id"].to_numpy()[seen],
            "entity_id": "E" + entity_label[entity[seen]],
            "account_id": "A" + label[mine],
            "group_id": "G" + label[root[mine]],
            "kind": kind[mine],
        }
        truth.append(pd.DataFrame(told).astype("str"))
        child = np.flatnonzero(parent >= 0)
        pairs = {"child_account": "A" + label[child], "parent_account": "A" + label[parent[child]]}
        parents.append(pd.DataFrame(pairs).astype("str"))
    return RecordSet(records, truth, parents, mess.log)
