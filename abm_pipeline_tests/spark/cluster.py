"""A stand-alone Spark cluster on loopback: a master and two workers, small, on free ports, ended with the block.

Belongs here: starting and stopping. Every process is of a group of its own, which is ended by its number, executors
included, also when a test fails.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

WORKERS = 2
WAIT_SECONDS = 120
# A machine that is busy, or asleep for a while, is not a worker that died.
PATIENCE_SECONDS = 900

# Each process lives for a minute or two, on classes of Spark's jars: compiling them well, or verifying them, is most
# of what it would do.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
# Little data: compiling code, planning again and many partitions cost more than they save.
DEFAULTS = f"""
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.memory 1g
spark.driver.extraJavaOptions {JAVA}
spark.executor.memory 512m
spark.executor.cores 1
spark.executor.extraJavaOptions {JAVA}
spark.sql.shuffle.partitions 1
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.network.timeout {PATIENCE_SECONDS}s
"""


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """A running cluster's master URL; logs and configuration are in `folder`, which the environment points at."""
    (folder / "spark-defaults.conf").write_text(DEFAULTS)
    env = {
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": f"{JAVA} -Dspark.worker.timeout={PATIENCE_SECONDS}",
    }
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        with ExitStack() as running:
            # The web pages are of no use here: port 0 finds them one that nobody has.
            address = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            log = running.enter_context(_process(folder / "master.log", "master.Master", *address))
            url = _wait(log, r"Starting Spark master at (spark://\S+)")
            size = ("--cores", "1", "--memory", "600m")
            logs = [
                running.enter_context(
                    _process(
                        folder / f"worker{n}.log",
                        "worker.Worker",
                        *address,
                        *size,
                        "--work-dir",
                        str(folder / f"work{n}"),
                        url,
                    )
                )
                for n in range(WORKERS)
            ]
            for log in logs:
                _wait(log, r"(Successfully registered with master)")
            yield url
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@contextmanager
def _process(log: Path, role: str, *arguments: str) -> Iterator[Path]:
    import pyspark

    command = [f"{Path(pyspark.__file__).parent}/bin/spark-class", f"org.apache.spark.deploy.{role}", *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(log: Path, pattern: str) -> str:
    """What the pattern's group says in the log, as soon as it does."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise TimeoutError(f"{log.name} does not say {pattern!r} after {WAIT_SECONDS} s:\n{log.read_text()[-2000:]}")
