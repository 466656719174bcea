# SPDX-License-Identifier: MIT
"""The suite as it is installed: the command iowq, its help, manual pages and completions."""

import re
import shutil
import subprocess

import pytest
from conftest import HANG_S
from installed import REPOSITORY, prefix, run  # noqa: F401 fixture

COMMANDS = ("compare", "report", "plot", "capacity", "map", "workers", "top")
SCREEN = 24, 80
JOB = "[global]\nsize=1m\nrw=randread\niodepth=4\nruntime=1\n[a]\n"


def iowq(prefix, *arguments, cwd=None):
    return subprocess.run([prefix / "bin/iowq", *map(str, arguments)], cwd=cwd, timeout=HANG_S,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen_and_names_options_that_are_there(prefix, command):
    done = iowq(prefix, command, "--help")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) < SCREEN[0]
    assert [line for line in lines if len(line) >= SCREEN[1]] == []
    everything = iowq(prefix, command, "--help-all").stdout
    assert options_in(done.stdout) - {"--help-all"} <= options_in(everything)
    assert "scripts/" not in done.stdout + everything


def test_the_command_says_what_it_knows(prefix):
    assert iowq(prefix, "--help").stdout.count("\n") < SCREEN[0]
    version = re.search(r"^VERSION := (.*)$", (REPOSITORY / "Makefile").read_text(), re.M)[1]
    assert iowq(prefix, "--version").stdout == f"iowq {version}\n"
    for arguments, words in (((), "no command"), (("compar",), "did you mean compare?")):
        done = iowq(prefix, *arguments)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr


def test_run_is_iowq_run(prefix):
    assert iowq(prefix, "run", "cat", "/proc/self/comm").stdout == "cat\n"
    assert "libiowq-uring.so" in iowq(prefix, "run", "cat", "/proc/self/maps").stdout


def test_a_comparison_writes_to_the_current_folder_alone(prefix, tmp_path):
    before = sorted(prefix.rglob("*"))
    (tmp_path / "a.fio").write_text(JOB)
    done = iowq(prefix, "compare", "a.fio", "--modes", "inline,fio:psync", "--runtime", "50ms",
                "--repeats", "1", "--no-trace", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"a.fio", "results", "iowq-scratch"}
    [folder] = (tmp_path / "results").iterdir()
    assert sorted(prefix.rglob("*")) == before
    page = (folder / "report.html").read_text()
    assert "iowq compare a.fio" in page and "git checkout" not in page
    done = iowq(prefix, "plot", folder)
    assert done.returncode == 0, done.stderr


# ---- manual pages


def manual(page):
    """A page as it is shown, and what is wrong with it."""
    if not shutil.which("groff"):
        pytest.skip("no groff")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=400n", page],
                          capture_output=True, text=True, timeout=HANG_S, check=True)
    return done.stdout.replace("\u2010", "-"), done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_of_a_command_has_each_of_its_options(prefix, command):
    text, wrong = manual(prefix / f"share/man/man1/iowq-{command}.1")
    assert wrong == ""
    assert options_in(iowq(prefix, command, "--help-all").stdout) <= options_in(text)


def test_the_page_of_the_engine_has_each_of_its_options(prefix):
    if not shutil.which("fio"):
        pytest.skip("no fio")
    text, wrong = manual(prefix / "share/man/man1/fio-iowq.1")
    listed = run(["fio", f"--enghelp={prefix}/lib/fio/iowq.so"])
    names = re.findall(r"^(\w+) *:", listed, re.M)
    assert wrong == "" and "offload" in names
    assert [name for name in names if not re.search(rf"^ +{name}=value", text, re.M)] == []
    assert "sqthread" in text and f"external:{prefix}/lib/fio/iowq.so" in text


@pytest.mark.parametrize("page, header", [
    ("io_wq", "pool/io_wq.h"), ("iowq_ring", "ring/iowq_ring.h"), ("acall", "acall/acall.h")])
def test_the_page_of_a_header_has_each_of_its_functions(prefix, page, header):
    text, wrong = manual(prefix / f"share/man/man3/{page}.3")
    declared = (REPOSITORY / "iowq" / header).read_text()
    functions = re.findall(r"^IOWQ_API .*?(\w+)\(", declared, re.M)
    assert wrong == "" and len(functions) > 5
    assert [name for name in functions if not re.search(rf"\b{name}\(", text)] == []
    assert "IOWQ_API" not in text and "/*\n" not in text


@pytest.mark.parametrize("page", ["man1/iowq.1", "man1/iowq-run.1", "man3/iowq.3"])
def test_the_other_pages_are_well_formed(prefix, page):
    text, wrong = manual(prefix / "share/man" / page)
    assert wrong == "" and "NAME" in text and "@" not in text


# ---- completions

CASES = [
    ("iowq com", {"compare"}),
    ("iowq compare --judg", {"--judge"}),
    ("iowq compare --modes punt,sqt", {"punt,sqthread"}),
    ("iowq compare --busy q", {"quota"}),
    ("iowq workers --by tr", {"tracefs"}),
    ("iowq plot --formats svg,pn", {"svg,png"}),
]


@pytest.mark.parametrize("line, expected", CASES)
def test_bash_completes(prefix, line, expected):
    script = (f"source {prefix}/share/bash-completion/completions/iowq; COMP_WORDS=({line}); "
              "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _iowq; printf '%s\\n' \"${COMPREPLY[@]}\"")
    assert set(run(["bash", "-c", script]).split()) == expected


@pytest.mark.parametrize("line, expected", CASES)
def test_fish_completes(prefix, line, expected):
    if not shutil.which("fish"):
        pytest.skip("no fish")
    script = (f"source {prefix}/share/fish/vendor_completions.d/iowq.fish; "
              f"complete --do-complete '{line}'")
    said = run(["fish", "--no-config", "-c", script])
    assert {each.split("\t")[0] for each in said.splitlines()} == expected


@pytest.mark.parametrize("line, expected", CASES)
def test_zsh_completes(prefix, line, expected):
    if not shutil.which("zsh"):
        pytest.skip("no zsh")
    # A shell in a terminal of its own, which prints what it would insert.
    script = f"""
        zmodload zsh/zpty
        zpty shell 'zsh -f -i'
        send() {{ zpty -w shell "$1" }}
        send 'PROMPT=; fpath=({prefix}/share/zsh/vendor-completions $fpath)'
        send 'autoload -Uz compinit; compinit -u -D; unsetopt list_beep; setopt no_list_ambiguous'
        send 'show() {{ zle -I; print -r -- "<$BUFFER>"; BUFFER= }}; zle -N show'
        send 'bindkey "^X" show; print rea''dy'
        zpty -r -m shell said '*ready*'
        zpty -w -n shell $'{line}\\t\\x18'
        zpty -r -m shell said '*<iowq*>*'
        print -r -- $said
        zpty -d shell
    """
    inserted = re.findall(r"<(iowq [^>]*)>", run(["zsh", "-fc", script]))
    assert inserted and inserted[-1].strip(" ,").rpartition(" ")[2] in expected
