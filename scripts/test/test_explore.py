# SPDX-License-Identifier: MIT
"""The explorer: each hand-over of the contract has a scenario; faults are found, and replayed."""

import os
import re
import subprocess
import tomllib

import pytest
from conftest import HANG_S, SCRIPTS

REPOSITORY = SCRIPTS.parent
CONTRACT = REPOSITORY / "iowq/README.md"
PROGRAM = REPOSITORY / "build/explore/iowq_explore"
SELF_TEST = REPOSITORY / "build/explore/explorer_test"


def scenarios_of_sources():
    sources = (REPOSITORY / "iowq/explore/scenarios").glob("*.cc")
    return [name for source in sources
            for name in re.findall(r'^SCENARIO(?:_ON)?\((?:"[^"]*", )?(\w+)\)', source.read_text(),
                                   re.MULTILINE)]


def hand_overs():
    text = CONTRACT.read_text().partition("Hand-overs between threads")[2].partition("\n## ")[0]
    return re.split(r"^- \*\*", text, flags=re.MULTILINE)[1:], text


def test_each_hand_over_has_a_scenario_or_says_why_not():
    rows, _ = hand_overs()
    assert len(rows) > 10
    without = [row.partition("**")[0] for row in rows
               if not re.search(r"^  - Scenarios: `\w+`", row, re.MULTILINE)]
    assert without == ['"the thread sleeps"']
    assert "No scenario: the publisher is the kernel." in " ".join(rows)


def test_the_contract_names_each_scenario_once_and_no_other():
    _, text = hand_overs()
    lists = re.findall(r"(?:Scenarios:|under a lock:)((?:\s+`\w+`[,.])+)", text)
    named = re.findall(r"`(\w+)`", "".join(lists))
    assert sorted(named) == sorted(scenarios_of_sources())


def test_each_mutation_can_still_be_made():
    mutations = tomllib.loads((REPOSITORY / "iowq/explore/mutations.toml").read_text())["mutation"]
    assert len(mutations) >= 24
    assert len({mutation["name"] for mutation in mutations}) == len(mutations)
    for mutation in mutations:
        assert (REPOSITORY / mutation["file"]).read_text().count(mutation["old"]) == 1, mutation


# What the explorer finds in programs that are wrong, or right, in a way that everybody knows: the
# name tells which.
@pytest.fixture(scope="module")
def textbook():
    listed = subprocess.run([SELF_TEST, "--list"], capture_output=True, text=True, timeout=HANG_S,
                            check=True)
    return listed.stdout.split()


SEARCHES = (["--preemptions", "2"], ["--preemptions", "2", "--stale", "1"],
            ["--random", "3000"], ["--pct", "3000"])


def explore(program, scenario, *options):
    done = subprocess.run([program, scenario, *options], capture_output=True, text=True,
                          timeout=HANG_S, check=False)
    return done.returncode, done.stdout.rstrip("\n").split("\t")


def test_what_is_right_passes_every_search(textbook):
    right = [name for name in textbook if name.startswith("right_")]
    assert len(right) > 4
    for name in right:
        for search in SEARCHES:
            assert explore(SELF_TEST, name, *search)[1][0] == "ok", (name, search)


def test_what_is_wrong_is_found_and_its_schedule_makes_it_again(textbook):
    wrong = [name for name in textbook if name.startswith("wrong_")]
    assert len(wrong) > 6
    for name in wrong:
        status, (verdict, *_, schedule, fault) = explore(SELF_TEST, name, *SEARCHES[1])
        assert (status, verdict) == (1, "failed"), name
        again = explore(SELF_TEST, name, "--schedule", schedule)
        assert again[0] == 1 and again[1][-1] == fault, name


@pytest.mark.parametrize("search", [["--preemptions", "2"],
                                    ["--preemptions", "1", "--stale", "1"]])
def test_what_is_left_out_leads_nowhere_new(search):
    tried = 0
    for seed in range(1, 61):
        found = [ends(seed, *search, *more) for more in ([], ["--whole"])]
        assert found[0][0] == found[1][0], f"PROGRAM_SEED={seed}"
        tried += found[0][1] < found[1][1]
    assert tried > 30, "less is searched of most"


def ends(seed, *options):
    """What the program of that seed comes to; in how many schedules."""
    done = subprocess.run([SELF_TEST, "any_program", "--ends", *options], capture_output=True,
                          env=os.environ | {"PROGRAM_SEED": str(seed)}, text=True,
                          timeout=HANG_S, check=True)
    *found, figures = done.stdout.splitlines()
    return set(found), int(figures.split("\t")[2])


@pytest.mark.parametrize(("words", "says"), [
    (["--preemptions", "2"], "one scenario is wanted"),
    (["nothing_like_it"], "there is no such scenario"),
    (["right_lock", "--preemptions", "-1"], "a number is wanted"),
    (["right_lock", "--schedule", "1<2"], "that is not a schedule"),
    (["right_lock", "--deeper"], "an option that there is not"),
])
def test_bad_input_is_told_in_one_line(words, says):
    done = subprocess.run([SELF_TEST, *words], capture_output=True, text=True, timeout=HANG_S,
                          check=False)
    assert done.returncode == 2 and says in done.stderr
