# SPDX-License-Identifier: MIT
"""scripts/check ends a step that hangs, and none that is only slow."""

import importlib.machinery
import importlib.util
import sys

import pytest
from conftest import SCRIPTS

SLOW = "for i in 1 2 3 4 5 6; do sleep 0.3; echo $i; done"


@pytest.fixture
def check(tmp_path, monkeypatch):
    """scripts/check as a module, with reports of the test's own, on a machine with idle CPUs."""
    loader = importlib.machinery.SourceFileLoader("check", str(SCRIPTS / "check"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "REPORTS", tmp_path)
    monkeypatch.setattr(module, "SILENCE_S", 1)
    monkeypatch.setattr(module, "wanted", lambda: 1)
    return module


@pytest.mark.parametrize("script", ["echo begun; exec sleep 1000", "while :; do :; done"])
def test_a_step_that_hangs_is_ended_and_named(check, script):
    status, said = check.run("step", ["bash", "-c", script], None)
    assert status is None and said.endswith("step: hung: it said nothing for 1 s\n")


def test_a_step_that_is_slow_and_goes_on_is_not_ended(check):
    assert check.run("step", ["bash", "-c", SLOW], None) == (0, "")


def test_a_busy_machine_may_take_longer(check, monkeypatch):
    monkeypatch.setattr(check, "wanted", lambda: 1000)
    assert check.run("step", ["sleep", "2"], None) == (0, "")


def test_a_step_that_fails_shows_what_it_said(check):
    shown = "why\nstep: exit status 3\n"
    assert check.run("step", ["bash", "-c", "echo why; exit 3"], None) == (3, shown)


def test_a_step_whose_program_is_not_there_is_skipped(check):
    counted = check.take("step", ["no-such-program"], None)
    assert counted.skipped == ["step: skipped: no no-such-program"]
    assert not counted.passed and not counted.failed


def test_every_step_beside_another_is_counted_and_a_failure_is_named(check, capsys, monkeypatch):
    lanes = [[("a", ["true"]), ("b", ["false"])], [("c", ["true"])]]
    monkeypatch.setattr(check, "lanes", lambda full: lanes)
    monkeypatch.setattr(sys, "argv", ["check"])
    assert check.main() == 1
    *_, failed, last = capsys.readouterr().out.splitlines()
    assert (failed, last) == ("failed: b", "2 passed, 1 failed, 0 skipped")
