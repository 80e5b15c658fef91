"""The embedded server: started twice, killed, left behind, and the URLs that replace it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from abm_pipeline.settings import Settings
from abm_pipeline.storage import postgres


@pytest.fixture
def own() -> Iterator[Settings]:
    """Settings of a server that only this test uses."""
    with tempfile.TemporaryDirectory(prefix="abm_server_") as home:
        yield Settings(_env_file=None, home=Path(home))


def pid_of(settings: Settings) -> int:
    """Process id of the running server."""
    return int((settings.home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def wait_until_down(settings: Settings) -> None:
    """A signal takes a moment to arrive."""
    with suppress(postgres.PostgresError):
        while postgres.urls(settings):
            time.sleep(0.01)


def test_life_of_the_embedded_server(own: Settings) -> None:
    """Start, start again, kill -9, start: the same databases. Started to stay, it outlives a block. A pid file
    of another process is no server.
    """
    with pytest.raises(postgres.PostgresError, match="abm postgres start"):
        postgres.urls(own)
    first = postgres.start(own)
    assert first == postgres.start(own) == postgres.urls(own)
    with postgres.connect(first.served).begin() as con:
        assert 200 <= int(con.scalar(sa.text("SHOW max_connections")) or 0)
        con.execute(sa.text("CREATE TABLE kept AS SELECT 1 AS n"))

    os.kill(pid_of(own), signal.SIGKILL)
    wait_until_down(own)
    with postgres.running(own) as urls, postgres.connect(urls.served).begin() as con:
        assert con.scalar(sa.text("SELECT n FROM kept")) == 1
    assert not postgres.stop(own)

    with postgres.running(own):
        postgres.start_to_stay(own)
    assert postgres.stop(own)

    (own.home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n1\n5432\n\n\n1 1\nready\n")
    with postgres.running(own) as urls:
        assert urls == first


def test_concurrent_starts_on_a_new_home(own: Settings) -> None:
    """Two processes start the same new server at once: one server, two successes."""
    code = (
        "import sys; from abm_pipeline.settings import Settings; from abm_pipeline.storage import postgres;"
        "print(postgres.start(Settings(_env_file=None, home=sys.argv[1])).served)"
    )
    command = [sys.executable, "-c", code, str(own.home)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        printed = {process.communicate(timeout=120)[0] for process in started}
        assert 1 == len(printed)
        assert [0, 0] == [process.returncode for process in started]
    finally:
        postgres.stop(own)


@pytest.mark.parametrize("url", ["postgres://u:p@h:1/d", "postgresql://u:p@h:1/d", "postgresql+psycopg://u:p@h:1/d"])
def test_urls_name_our_driver(url: str) -> None:
    """SQLAlchemy 2.1 reads postgresql:// as psycopg 3, which dagster-postgres can't use."""
    assert "postgresql+psycopg2://u:p@h:1/d" == postgres.normalised(url)


def test_urls_from_the_environment_start_nothing(own: Settings) -> None:
    """With both URLs given, no server is made."""
    settings = Settings(
        _env_file=None, home=own.home, postgres_url="postgresql://a@h/x", dagster_postgres_url="postgresql://d@h/y"
    )
    expected = postgres.PostgresUrls("postgresql+psycopg2://a@h/x", "postgresql+psycopg2://d@h/y")
    assert expected == postgres.start(settings)
    assert not (own.home / "postgres").exists()


def test_unreachable_is_said_without_the_password() -> None:
    """The message names host and cause, never the password."""
    with pytest.raises(postgres.PostgresError) as caught:
        postgres.connect("postgresql+psycopg2://u:sesame@127.0.0.1:1/d")
    assert "127.0.0.1" in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_not_postgres_is_said() -> None:
    """A URL of another database is refused in a sentence."""
    with pytest.raises(postgres.PostgresError, match="must be Postgres, not mysql"):
        postgres.normalised("mysql://u@h/d")
