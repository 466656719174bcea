# SPDX-License-Identifier: MIT
"""Every command that a document shows is run as it stands there, or what it names is there."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import synthetic
from conftest import HANG_S, TINY_JOB

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = [REPOSITORY / "README.md", REPOSITORY / "results/README.md",
             *(path for folder in (".github", "engine", "iowq", "jobs")
               for path in sorted((REPOSITORY / folder).glob("**/*.md")))]
COMMAND = r"(?:make|scripts/[\w-]+|build/iowq-run|iowq|fio|jq|strings)"


def shown(text):
    """The commands of a document's blocks that are no program's, their lines joined."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    blocks = "\n".join(re.findall(r"^    (.*)$", text, re.M)).replace("\\\n", " ")
    lines = [re.sub(r"\s+(?:#| {2,}\w).*$", "", line) for line in blocks.splitlines()]
    return [" ".join(line.split()) for line in lines if re.match(COMMAND + " ", line)]


def named(text):
    """The commands in the midst of a document's sentences."""
    return [" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)
            if re.match(COMMAND + r"\b", code) and not re.match(r"(iowq|fio)[/:._]", code)]


SHOWN = sorted({line for path in DOCUMENTS for line in shown(path.read_text())})
NAMED = sorted({code for path in DOCUMENTS for code in named(path.read_text())})


def run(line, cwd=REPOSITORY):
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(["bash", "-ec", line], cwd=cwd, env=environment, timeout=HANG_S,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def comparison(line, folder):
    """In make check-full, of a small file; else, and of a job of the project's, of hosts and of
    plans, what would be run."""
    (folder / "your.fio").write_text(TINY_JOB)
    (folder / "hosts").write_text("localhost\n")
    line = re.sub(r"[][]", "", line).replace("your.fio", f"{folder}/your.fio") \
        .replace("FILE", f"{folder}/hosts").replace("PATH", "/x").replace("DIR", "/y")
    line = re.sub(r" --results \S+", "", line)
    real = os.environ.get("IOWQ_FULL") and not re.search("jobs/|--hosts", line)
    quick = " --runtime 10ms --repeats 1 --spare 0 --no-trace" if real else " --dry-run"
    return f"{line}{quick} --no-wait --scratch {folder}/scratch --results {folder}/results"


def in_user_space(line, folder):
    disk = folder / "disk"
    disk.write_bytes(bytes(1 << 20))
    more = f"-c 8 -f raw {disk}" if "qemu-img" in line else \
        f"--name=a --filename={disk} --rw=randread --size=1m"
    return line.replace("...", more)


def of_a_run(line, folder):
    """In a results folder that has the run of which it tells."""
    (folder / "tiny.fio").write_text(TINY_JOB)
    return (f"scripts/compare {folder}/tiny.fio --modes punt --depths 8 --repeats 1 --spare 0 "
            f"--no-trace --no-wait --scratch {folder}/scratch --results {folder}/results "
            f"&& cd {folder}/results && {line}")


def of_another(line, folder):
    """Of a small comparison in place of the reference run."""
    made = synthetic.results(folder / "reference", ["fio:psync", "punt"], depths=(1,)).path
    return line.replace("NEW SMALL", f"{made} {folder}/small") \
        .replace("results/reference", str(made))


def only_named(line, folder):
    """Takes long, or is what runs this: does make know it?"""
    return re.sub(r"^make (\S+).*", r"make -n \1", line)


# How each is run, by how it begins; the first one holds.
WAYS = {"make all && scripts/compare": lambda line, folder:
        comparison(line.removeprefix("make all && "), folder),
        "make": only_named, "scripts/compare": comparison,
        "iowq compare": lambda line, folder: comparison(f"scripts/{line}", folder),
        **dict.fromkeys(["scripts/condense", "scripts/plot", "scripts/report"], of_another),
        "build/iowq-run": in_user_space, "jq": of_a_run, "scripts/explore": lambda line, folder:
        f"scripts/explore --help | grep -q -e {line.split()[1]}"}


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_that_is_shown_runs(line, tmp_path):
    needed = re.search(r"\b(qemu-img|jq|fio)\b", line)
    if needed and not shutil.which(needed[1]):
        pytest.skip(f"no {needed[1]}")
    [way, *_] = [way for begin, way in WAYS.items() if line.startswith(begin)]
    done = run(way(line, tmp_path))
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]


def help_of(script):
    """All that it says of its options."""
    done = run(f"{script} --help-all || {script} --help")
    return done.stdout


@pytest.mark.parametrize("code", NAMED)
def test_a_command_that_is_named_is_there(code):
    words = shlex.split(code.partition(" > ")[0])
    options = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    if words[0] == "make":
        for target in words[1:]:
            if re.fullmatch(r"[a-z-]+", target):
                done = run(f"make -n {target}")
                assert done.returncode == 0, done.stderr
    elif words[0].startswith("scripts/"):
        assert (REPOSITORY / words[0]).exists()
        said = help_of(words[0]) if options else ""
        assert [option for option in options if option not in said] == []
    elif words[0] == "iowq" and len(words) > 1:
        command = words[1].partition("|")[0]
        said = help_of(f"scripts/iowq {command}") if options else ""
        assert command in run("scripts/iowq --help").stdout or command.startswith("--")
        assert [option for option in options if option not in said] == []


def test_there_are_commands():
    assert len(SHOWN) > 10 and len(NAMED) > 20
    assert "scripts/compare your.fio --runtime 2s" in SHOWN and "make compare" in SHOWN


@pytest.mark.parametrize("text, expected", [
    ("    make compare    # all\n", ["make compare"]), ("    make x \\\n    Y=1\n", ["make x Y=1"]),
    ("    offload=punt\n", []), ("make compare\n", []), ("```\n    make x\n```\n", [])])
def test_commands_are_found_however_they_are_shown(text, expected):
    assert shown(text) == expected
