# SPDX-License-Identifier: MIT
"""Times and shares: one way to write each, whichever option takes it."""

import subprocess
from types import SimpleNamespace

import pytest
from conftest import HANG_S, SCRIPTS
from suite.errors import BadInput
from suite.request.command_line import precision_of, seconds, steady_of

NO_TIMES = ["", "0", "0ms", "-1", "1x", "h", "1 h", "1h30m", "0.5ms", "1e3", "12d", "999999.1", "."]
NO_SHARES = ["", "2", "0%", "100%", "-2%", "many", "%", "2%%"]


@pytest.mark.parametrize("text, wanted", [
    ("2", 2), ("0.15", 0.15), (".5", 0.5), ("150ms", 0.15), ("1ms", 0.001), ("90s", 90),
    ("2m", 120), ("1.5h", 5400), ("1d", 86400), ("999999", 999999), (None, None),
])
def test_a_time_has_a_unit_of_fios_or_is_in_seconds(text, wanted):
    assert seconds("--runtime", text) == wanted


@pytest.mark.parametrize("text", NO_TIMES)
@pytest.mark.parametrize("option", ["--runtime", "--limit", "--seconds"])
def test_a_bad_time_is_told_with_the_units(option, text):
    with pytest.raises(BadInput, match=f"^{option} .*: allowed is a number of seconds.* ms, s, m"):
        seconds(option, text)


@pytest.mark.parametrize("script, words", [
    ("compare", ["job.fio", "--runtime", "1x"]), ("compare", ["job.fio", "--limit", "1x"]),
    ("workers", ["job.fio", "--runtime", "1x"]), ("workers", ["--pid", "1", "--seconds", "1x"]),
])
def test_every_option_that_takes_a_time_takes_it_so(tmp_path, job_file, script, words):
    job_file(name="job.fio")
    done = subprocess.run([SCRIPTS / script, *words], cwd=tmp_path, capture_output=True, text=True,
                          timeout=HANG_S, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{words[-2]} 1x: allowed is a number of seconds" in done.stderr


def test_a_runtime_with_a_unit_is_how_long_a_run_takes(job_file, compare):
    done = compare(job_file(), "fio:psync", "--runtime", "2h", "--dry-run")
    assert done.returncode == 0 and "about 2:00:0" in done.stdout


@pytest.mark.parametrize("text, precision, steady", [
    ("2%", 0.02, "2%"), ("0.5 %", 0.005, "0.5%"), ("99%", 0.99, "99%"), (None, None, None)])
def test_a_share_has_its_sign(text, precision, steady):
    options = SimpleNamespace(precision=text, steady=text)
    assert precision_of(options) == precision and steady_of(options) == steady


@pytest.mark.parametrize("text", NO_SHARES)
def test_a_bad_share_is_told_with_an_example(text):
    options = SimpleNamespace(precision=text, steady=text)
    for of, option in ((precision_of, "--precision"), (steady_of, "--steady")):
        with pytest.raises(BadInput, match=f"^{option} .*: allowed is a share .*such as 2%"):
            of(options)
