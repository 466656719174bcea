# SPDX-License-Identifier: MIT
"""scripts/liburing-tests, on tests that are small shell scripts: what it tells, and how it ends."""

import importlib.machinery
import importlib.util
import sys

import pytest
from conftest import SCRIPTS

HERE = 'case "$LD_PRELOAD" in *iowq-uring*) {} ;; esac; exit 0'
FAILS, SKIPS, CRASHES, HANGS = (HERE.format(how) for how in (
    "exit 1", "exit 77", "kill -SEGV $$", "sleep 1000 & wait"))
LIST = """
## liburing's own tests

Words: and words.

- a reason that is
  long: bad, b-4d, none;
- another: slow (hangs),
  last.
"""


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """run({name: script}) of so many tests gives its exit status."""
    loader = importlib.machinery.SourceFileLoader("liburing_tests",
                                                  str(SCRIPTS / "liburing-tests"))
    spec = importlib.util.spec_from_loader("liburing_tests", loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    if not module.RUN.exists():
        pytest.skip(f"{module.RUN} is not built")
    readme = tmp_path / "README.md"
    readme.write_text(LIST)
    monkeypatch.setattr(module, "README", readme)
    monkeypatch.setattr(module, "REPORT", tmp_path / "check/liburing.xml")

    def run(tests, *options, version="2.3"):
        folder = tmp_path / "liburing"
        (folder / "test").mkdir(parents=True)
        (folder / "liburing.spec").write_text(f"Name: liburing\nVersion: {version}\n")
        for name, script in tests.items():
            (folder / "test" / f"{name}.t").write_text(f"#!/bin/bash\n{script}\n")
            (folder / "test" / f"{name}.t").chmod(0o755)
        monkeypatch.setattr(sys, "argv", ["liburing-tests", str(folder), *options])
        return module.main()

    return run


PASSING = {f"good{i}": "exit 0" for i in range(9)}


@pytest.mark.parametrize("script, line, status", [
    (FAILS, "bad: fails (1): a reason that is long", 0),
    (SKIPS, "bad: skips: a reason that is long", 0),
    (CRASHES, "bad: crashes (SIGSEGV): a reason that is long", 1),
    (HANGS, "bad: hangs: a reason that is long", 1),
    ("exit 0", "bad: passes, and is listed", 1),
], ids=["fails", "skips", "crashes", "hangs", "passes"])
def test_what_a_listed_one_does(runner, capsys, script, line, status):
    assert runner({**PASSING, "bad": script}, "--limit", "3") == status
    told, last = capsys.readouterr().out.splitlines()
    assert told == line
    share = "10 of them here (100 %)" if script == "exit 0" else "9 of them here (90 %)"
    assert last == f"10 tests, 10 pass on the kernel, {share}"


@pytest.mark.parametrize("script, told", [
    (HANGS, ["slow: hangs: another (hangs)"]), ("exit 0", [])], ids=["hangs", "passes"])
def test_one_of_which_the_list_says_so_may_hang(runner, capsys, script, told):
    assert runner({**PASSING, "slow": script}, "--limit", "1") == 0
    assert capsys.readouterr().out.splitlines()[:-1] == told


@pytest.mark.parametrize("version, status", [("2.3", 1), ("2.9", 0)])
def test_one_that_fails_and_is_not_listed(runner, capsys, version, status):
    """The list is of one version's: of another's any may fail."""
    assert runner({**PASSING, "new": FAILS}, version=version) == status
    assert capsys.readouterr().out.startswith("new: fails (1)\n")


def test_what_does_not_pass_on_the_kernel_does_not_count(runner, capsys):
    assert runner({**PASSING, "bad": "exit 1", "new": "exit 77", "slow": "kill -SEGV $$"}) == 0
    assert capsys.readouterr().out == ("12 tests, 9 pass on the kernel, 9 of them here (100 %)\n")


def test_too_small_a_share(runner, capsys):
    assert runner({"good": "exit 0", "bad": FAILS}) == 1
    assert capsys.readouterr().out.endswith("1 of them here (50 %)\n")


def test_one_that_fails_at_times_is_neither_good_nor_bad(runner, tmp_path):
    at_times = HERE.format(f"[ -e {tmp_path}/{{0}} ] || {{{{ touch {tmp_path}/{{0}}; exit 1; }}}}")
    assert runner({**PASSING, "bad": at_times.format("bad"), "new": at_times.format("new")}) == 0


def test_without_a_built_test_it_ends_in_a_line(runner, capsys):
    assert runner({}) == 2
    assert capsys.readouterr().err.count("\n") == 1
