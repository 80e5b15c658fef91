"""Records per second from the sandbox to raw and to staged, against a bare loop over the same pages, and against dlt.

The bare loop is httpx and orjson and nothing else: the same objects and fields, one after the other, one token, no
retry, every answer parsed and forgotten. All read by REST, so that the pages are the same.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import orjson

from abm_pipeline.defs import sandboxed
from abm_pipeline.sandbox import credentials as known
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.salesforce import SPEC
from abm_pipeline.staging.refresh import refresh
from benchmarks import ingest_dlt, memory
from benchmarks._timing import Row, Timed, in_process
from benchmarks.queries import soql

UNTIL = date(2026, 6, 30)
DAYS = [UNTIL - timedelta(days=offset) for offset in range(180)]
REPEAT, REPEAT_DLT = 5, 2


def bare_loop(url: str) -> int:
    """Page through every Salesforce stream; returns the records read."""
    base = f"{url}/salesforce"
    form = {
        "grant_type": "client_credentials",
        "client_id": known.SALESFORCE_CLIENT_ID,
        "client_secret": known.SALESFORCE_CLIENT_SECRET,
    }
    records = 0
    with httpx.Client(timeout=60) as client:
        token = client.post(f"{base}/services/oauth2/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for path, query in soql(client, url, token).values():
            answer = client.get(f"{base}/services/data/v62.0/{path}", params={"q": query})
            while True:
                page = orjson.loads(answer.content)
                records += len(page["records"])
                if page["done"]:
                    break
                answer = client.get(base + page["nextRecordsUrl"].removeprefix("/salesforce"))
    return records


def to_raw(settings: Settings) -> int:
    """The pipeline's own extraction of the same streams; returns the records stored."""
    return sum(report.records for report in extract(SPEC, settings, DAYS, "bench"))


def to_staged(settings: Settings) -> int:
    """Everything in raw through contracts and mappings; returns the rows staged."""
    return sum(sum(report.rows.values()) for report in refresh(settings, DAYS, "bench"))


def measure(home: Path) -> Iterator[Row]:
    """First load of 180 days, best of a few for the bare loop, for raw and for dlt, in turn; then memory."""
    folder = (home / "ingest").absolute()
    settings = Settings(_env_file=None, home=folder)
    bare: list[Timed] = []
    raw: list[Timed] = []
    dlt: list[Timed] = []
    with sandboxed.sandbox("demo", 7, UNTIL) as url:
        sandboxed.use(url)
        os.environ["ABM_SALESFORCE_BULK_THRESHOLD"] = str(10**9)
        bare_loop(url)  # the sandbox makes its pages when first asked
        for _ in range(REPEAT):
            shutil.rmtree(folder, ignore_errors=True)
            bare.append(in_process(bare_loop, url))
            raw.append(in_process(to_raw, settings))
        if ingest_dlt.installed():
            dlt = [in_process(ingest_dlt.through_dlt, url) for _ in range(REPEAT_DLT)]
    staged = in_process(to_staged, settings)
    best_bare, best_raw = _best(bare), _best(raw)
    both = best_raw.result / (best_raw.seconds + staged.seconds)
    yield Row(f"Salesforce by a bare loop: {_speed(best_bare):,.0f} records/s", best_bare, "1")
    yield Row(
        f"to raw, stored by day: {_speed(best_raw):,.0f} records/s",
        best_raw,
        f"{_speed(best_raw) / _speed(best_bare):.2f} × bare",
    )
    if dlt:
        best = _best(dlt)
        what = f"the same by dlt {ingest_dlt.installed()} (rest_api to Parquet): {_speed(best):,.0f} records/s"
        yield Row(what, best, f"raw is {_speed(best_raw) / _speed(best):.1f} × dlt")
    else:
        yield Row("dlt is not installed: nothing to compare with (`pip install dlt`)", None, "")
    yield Row(
        f"raw to staged: {_speed(staged):,.0f} rows/s; sandbox to staged {both:,.0f} records/s",
        staged,
        f"{both / _speed(best_bare):.2f} × bare",
    )
    yield from memory.measure(home)


def _best(runs: list[Timed]) -> Timed:
    return min(runs, key=lambda timed: timed.seconds)


def _speed(timed: Timed) -> float:
    return float(timed.result / timed.seconds)
