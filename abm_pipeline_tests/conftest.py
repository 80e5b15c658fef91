"""What every test may use: one embedded Postgres for the session, and settings of a pipeline of one's own."""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from abm_pipeline.settings import Settings
from abm_pipeline.storage import postgres

# What takes long, longest first. Tests of a group look at one run of the pipeline: two processes would each make it.
LONG = {
    "pipeline": r"orchestration/test_(run|sensors)\.py",
    "failures": r"orchestration/test_failures\.py",
    "demo": r"world/.*\[demo\b",
    "tiny": r"world/.*\[tiny\b",
    "ranges": r"orchestration/test_ranges\.py",
    "reports": r"reports/",
}


def unit_of(nodeid: str) -> str:
    """What a process takes at once: one of the groups above, else a file, whose tests share its fixtures."""
    found = (unit for unit, pattern in LONG.items() if re.match(f"abm_pipeline_tests/{pattern}", nodeid))
    return next(found, nodeid.partition("::")[0])


class Units(LoadScopeScheduling):
    """Shares the tests out by unit. Marks of xdist_group do not: pytest 9.2 drops them from the node's id."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Units:
    """Xdist's hook: our units, in the order of collection."""
    config.option.loadscopereorder = False
    return Units(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long units first, so that no process is left with one at the end."""
    order = {unit: place for place, unit in enumerate(LONG)}
    items.sort(key=lambda item: order.get(unit_of(item.nodeid), len(order)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Settings]:
    """Settings of a running embedded server, stopped at the end of the session.

    Not under pytest's folder: another session closes that to the server's own user, which it has when run as root.
    """
    with tempfile.TemporaryDirectory(prefix="abm_server_") as home:
        server = Settings(_env_file=None, home=Path(home))
        with postgres.running(server):
            yield server


@pytest.fixture
def settings(tmp_path: Path, postgres_server: Settings) -> Iterator[Settings]:
    """A pipeline of the test's own: home and lake under tmp_path, an empty database on the session's server."""
    with own_pipeline(postgres_server, tmp_path / "home") as made:
        yield made


@contextmanager
def own_pipeline(server: Settings, home: Path, like: Settings | None = None) -> Iterator[Settings]:
    """Settings with `home` and a database, empty or as those of the pipeline `like`; the database goes afterwards.

    Both URLs point at that one database: ours stands in schema `abm`, Dagster's in `public`.
    """
    template = ""
    if like is not None:
        assert like.postgres_url is not None
        template = f"TEMPLATE {sa.make_url(like.postgres_url.get_secret_value()).database}"
        shutil.copytree(like.home, home)
    name = f"test_{uuid.uuid4().hex}"
    admin = postgres.connect(postgres.urls(server).served.replace("abm@/abm", "postgres@/postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
        con.execute(sa.text(f"CREATE DATABASE {name} OWNER abm {template}"))
        url = admin.url.set(username="abm", database=name).render_as_string(hide_password=False)
        yield Settings(_env_file=None, home=home, postgres_url=url, dagster_postgres_url=url)
        con.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home whose lake holds the reports' sample; only to be read."""
    from abm_pipeline_tests.reports.sample import write_sample

    made = Settings(_env_file=None, home=tmp_path_factory.mktemp("sample"))
    write_sample(made)
    return made
