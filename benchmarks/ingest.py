"""Records per second from the sandbox to raw and to staged, against a bare loop over the same pages.

The bare loop is httpx and orjson and nothing else: the same objects and fields, one after the other, one token, no
retry, every answer parsed and forgotten. Both read by REST, so that the pages are the same.
"""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from pathlib import Path

import httpx
import orjson

from abm_pipeline.defs import sandboxed
from abm_pipeline.programme import load_programme
from abm_pipeline.sandbox import credentials as known
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.salesforce import SPEC
from abm_pipeline.sources.salesforce.contract import OBJECTS
from abm_pipeline.staging.refresh import refresh
from benchmarks._timing import Row, Timed, in_process

UNTIL = date(2026, 6, 30)
DAYS = [UNTIL - timedelta(days=offset) for offset in range(180)]
REPEAT = 3


def bare_loop(url: str) -> int:
    """Page through every Salesforce stream; returns the records read."""
    base = f"{url}/salesforce"
    form = {
        "grant_type": "client_credentials",
        "client_id": known.SALESFORCE_CLIENT_ID,
        "client_secret": known.SALESFORCE_CLIENT_SECRET,
    }
    fields = {stream.name: {field.name for field in stream.fields} for stream in SPEC.streams(load_programme())}
    records = 0
    with httpx.Client(timeout=60) as client:
        token = client.post(f"{base}/services/oauth2/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for stream, item in OBJECTS.items():
            data = f"{base}/services/data/v62.0"
            described = orjson.loads(client.get(f"{data}/sobjects/{item.name}/describe").content)
            columns = sorted({"Id"} | fields[stream] & {field["name"] for field in described["fields"]})
            soql = f"SELECT {', '.join(columns)} FROM {item.name} ORDER BY {item.cursor}, Id"
            answer = client.get(f"{data}/{'queryAll' if item.with_deleted else 'query'}", params={"q": soql})
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


def measure(home: Path) -> list[Row]:
    """First load of 180 days, best of a few for the bare loop and for raw, in turn."""
    folder = (home / "ingest").absolute()
    settings = Settings(_env_file=None, home=folder)
    bare: list[Timed] = []
    raw: list[Timed] = []
    with sandboxed.sandbox("demo", 7, UNTIL) as url:
        sandboxed.use(url)
        os.environ["ABM_SALESFORCE_BULK_THRESHOLD"] = str(10**9)
        bare_loop(url)  # the sandbox makes its pages when first asked
        for _ in range(REPEAT):
            shutil.rmtree(folder, ignore_errors=True)
            bare.append(in_process(bare_loop, url))
            raw.append(in_process(to_raw, settings))
    staged = in_process(to_staged, settings)
    best_bare, best_raw = (min(runs, key=lambda timed: timed.seconds) for runs in (bare, raw))

    def speed(timed: Timed) -> float:
        return float(timed.result / timed.seconds)

    both = best_raw.result / (best_raw.seconds + staged.seconds)
    return [
        Row(f"Salesforce by a bare loop: {speed(best_bare):,.0f} records/s", best_bare, "1"),
        Row(
            f"to raw, stored by day: {speed(best_raw):,.0f} records/s",
            best_raw,
            f"{speed(best_raw) / speed(best_bare):.2f} × bare",
        ),
        Row(
            f"raw to staged: {speed(staged):,.0f} rows/s; sandbox to staged {both:,.0f} records/s",
            staged,
            f"{both / speed(best_bare):.2f} × bare",
        ),
    ]
