# SPDX-License-Identifier: MIT
"""Real fio and real gnuplot on small files; every command has a time limit."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SCRIPTS))
sys.path.append(str(SCRIPTS.parent / "engine/test"))  # forbid_io_uring

ENGINE = SCRIPTS.parent / "build/engine/iowq.so"
# Of a command: nothing that a test starts takes a tenth of it on an idle machine, and one that is
# merely slow must not fail. What has to end early shows that by what it did, not by when.
HANG_S = 300
# A shell's background jobs ignore it, and so would what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
TINY_JOB = "[tiny]\nrw=randread\nbs=4k\nsize=1m\ninvalidate=0\ntime_based\nruntime=150ms\n"
# Long enough that fio's logs have lines on a busy machine too: in 150 ms they have one or none.
LOGGED_JOB = TINY_JOB.replace("150ms", "2s")


@pytest.fixture
def job_file(tmp_path):
    """Writes a job file: 1 MiB of cached reads, unless another text is given."""

    def write(text=TINY_JOB, name="tiny.fio"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def command(tmp_path):
    """The command line of a comparison on files of the test's own."""

    def line(job, modes="fio:psync", *extra):
        return [str(SCRIPTS / "compare"), str(job), "--modes", modes, "--depths", "1",
                "--no-trace", "--no-wait", "--repeats", "1", "--spare", "0", "--seed", "1",
                "--scratch", str(tmp_path / "scratch"), "--results", str(tmp_path / "results"),
                *[str(word) for word in extra]]

    return line


@pytest.fixture
def compare(command):
    def run(job, modes="fio:psync", *extra, env=None):
        return subprocess.run(command(job, modes, *extra), capture_output=True, text=True,
                              timeout=HANG_S, env=os.environ | (env or {}), check=False)

    return run


@pytest.fixture
def engine():
    if not ENGINE.exists():
        pytest.skip(f"{ENGINE} is not built")
    return ENGINE


@pytest.fixture(scope="module")
def browser():
    """A real one, for what no other can say of a page."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium")
    if not shutil.which("chromedriver"):
        pytest.skip("no chromedriver")
    options = webdriver.ChromeOptions()
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService if hasattr(webdriver, "ChromeService") else None
    driver = webdriver.Chrome(options=options) if service is None else \
        webdriver.Chrome(options=options, service=service(shutil.which("chromedriver")))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()
