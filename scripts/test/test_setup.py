# SPDX-License-Identifier: MIT
"""Set-up on machines that lack something: one line that names it, and nothing is done by halves."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import HANG_S

REPOSITORY = Path(__file__).resolve().parents[2]
ALWAYS = ["bash", "env", "flock", "mktemp", "rm", "grep", "head", "cat", "awk", "id", "dirname"]


@pytest.fixture
def machine(tmp_path):
    """A machine that has the named commands and scripts only: machine(["id"], {"apt-get": "…"})."""

    def make(commands=(), scripts=None):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in {*ALWAYS, *commands}:
            (folder / name).symlink_to(shutil.which(name))
        for name, text in (scripts or {}).items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text("#!/bin/bash\n" + text)
            (folder / name).chmod(0o755)

        def run(script, *arguments, **environment):
            clean = {k: v for k, v in os.environ.items() if k != "FIO_DIR"}
            command = [shutil.which("bash"), REPOSITORY / "scripts" / script, *arguments]
            return subprocess.run(command, env={**clean, "PATH": str(folder), **environment},
                                  text=True, capture_output=True, timeout=HANG_S)
        return run

    return make


def test_without_apt_the_missing_packages_are_named_in_one_line(machine):
    done = machine()("setup", "run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    for package in ("g++", "gnuplot-nox", "fio", "no apt-get"):
        assert package in done.stderr


def test_an_fio_of_the_users_own_asks_for_no_debian_fio(machine):
    done = machine()("setup", "run", FIO_DIR="/some/fio")
    assert " fio " not in done.stderr and "dpkg-dev" not in done.stderr and "g++" in done.stderr


def test_without_network_the_missing_packages_and_apts_reason_are_told(machine):
    done = machine(scripts={"apt-get": "echo 'E: Unable to locate package'; exit 100",
                            "id": "echo 0"})("setup", "run")
    assert done.returncode == 1
    assert "E: Unable to locate package" in done.stderr
    assert "missing: g++" in done.stderr and "network" in done.stderr


def test_a_user_without_sudo_is_told_what_to_install(machine):
    done = machine(scripts={"apt-get": "exit 0", "id": "echo 1000"})("setup", "run")
    assert done.returncode == 1
    assert "missing: g++" in done.stderr and "as root" in done.stderr


def test_two_at_once_do_not_meet_at_apt(machine, tmp_path):
    """make runs setup-run and setup-check side by side, and apt refuses whoever comes second."""
    apt = f"""
        mkdir {tmp_path}/busy 2>/dev/null || echo met >>{tmp_path}/log
        for i in {{1..300}}; do :; done
        rmdir {tmp_path}/busy 2>/dev/null; exit 0"""
    run = machine(["mkdir", "rmdir"], {"apt-get": apt, "id": "echo 0"})
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: run("setup", "run"), range(8)))
    assert [d.returncode for d in done] == [0] * 8
    assert not (tmp_path / "log").exists()


def test_where_nothing_is_missing_setup_says_and_does_nothing():
    done = subprocess.run([REPOSITORY / "scripts/setup", "check"], capture_output=True, text=True,
                          timeout=HANG_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_fetching_fio_without_debians_tools_names_the_way_out(machine, tmp_path):
    done = machine()("fetch", "fio", str(tmp_path / "fio"))
    assert done.returncode == 1
    assert "FIO_DIR=" in done.stderr and not (tmp_path / "fio").exists()


def test_fetching_twice_fetches_once(machine, tmp_path):
    """The second time not even apt-get is asked: here it would fail."""
    target = tmp_path / "fio"
    target.mkdir()
    (target / ".debian-version").write_text("9.99-1\n")
    run = machine(scripts={"apt-get": "exit 1", "dpkg-query": "echo 9.99-1",
                           "dpkg-source": "exit 1"})
    done = run("fetch", "fio", str(target))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name,entry,expected", [
    ("sources.list",
     "deb [signed-by=/k.gpg arch=amd64] http://mirror/debian/ stable main contrib\n",
     "deb-src [signed-by=/k.gpg arch=amd64] http://mirror/debian stable main"),
    ("sources.list.d/x.sources",
     "Types: deb\nURIs: http://other/\nSuites: stable\nComponents: main\n\n"
     "Types: deb\nURIs: http://mirror/debian/\nSuites: stable stable-updates\nComponents: main\n"
     "Signed-By: /k.gpg\n",
     "Types: deb-src\nURIs: http://mirror/debian\nSuites: stable\nComponents: main\n"
     "Signed-By: /k.gpg"),
])
def test_the_source_entry_is_that_of_the_installed_fio_alone(machine, tmp_path, name, entry,
                                                             expected):
    etc = tmp_path / "etc"
    (etc / "sources.list.d").mkdir(parents=True)
    (etc / name).write_text(entry)
    policy = "fio:\n *** 9.99-1 500\n        500 http://mirror/debian stable/main amd64 Packages\n"
    keep = tmp_path / "kept"
    run = machine(scripts={
        "dpkg-query": "echo 9.99-1", "dpkg-source": "exit 1",
        "apt-cache": f"printf '%s' '{policy}'",
        # The list that apt-get is given is what is tested; then it fails.
        "apt-get": "for a; do case $a in Dir::Etc::sourcelist=*) "
                   f'cat "${{a#*=}}" >{keep};; esac; done\n'
                   "echo 'E: no'; exit 1"}, commands=["mkdir"])
    done = run("fetch", "fio", str(tmp_path / "fio"), APT_ETC=str(etc))
    assert "E: no" in done.stderr
    assert keep.read_text().strip() == expected


@pytest.mark.parametrize("packages, expected", [
    ({"linux-perf"}, "linux-perf"), ({"linux-tools-generic"}, "linux-tools-generic"),
    ({"linux-perf", "linux-tools-generic"}, "linux-perf"), (set(), None)])
def test_of_several_names_that_of_the_distribution_is_installed(machine, tmp_path, packages,
                                                                expected):
    """A distribution that has these packages of perf's names, beside all those that need be."""
    tell = "printf 'Package: x\\n%.0s' {1..9999}"  # more than a pipe holds
    told = "\n".join(f"[ $2 != {name} ] || {tell}" for name in packages)
    (tmp_path / "here_Packages").touch()
    run = machine(scripts={
        "apt-cache": f"case $2 in linux-*) {told or ':'} ;; clang-*) ;; *) {tell} ;; esac",
        "apt-get": f"echo $* >>{tmp_path}/log", "id": "echo 0"})
    done = run("setup", "check", APT_LISTS=str(tmp_path))
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "log").read_text().split()
    assert {name for name in asked if "linux-" in name and name != "linux-libc-dev"} == \
        ({expected} if expected else set())
    assert "clang-14" not in asked and "clang-14?" not in asked and "git" in asked
    assert "update" not in asked and "chromium" in asked


@pytest.mark.parametrize("arguments, complaint", [
    ([], "usage: scripts/elsewhere bookworm|trixie|noble|aarch64 DIR"),
    (["plan9", "x"], "usage:"), (["trixie"], "DIR is to be a new folder"),
    (["trixie", "/"], "DIR is to be a new folder"), (["noble", "x"], "MIRROR= says where")])
def test_another_system_that_cannot_be_tried_is_told_in_one_line(arguments, complaint):
    done = subprocess.run([REPOSITORY / "scripts/elsewhere", *arguments], capture_output=True,
                          text=True, env={**os.environ, "MIRROR": ""}, timeout=HANG_S, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("elsewhere: ") and complaint in done.stderr


def test_a_folder_is_the_one_where_it_was_named(tmp_path):
    (tmp_path / "there").mkdir()
    done = subprocess.run([REPOSITORY / "scripts/elsewhere", "trixie", "there"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 2 and "DIR is to be a new folder" in done.stderr


def test_without_lists_apt_is_asked_for_them(machine, tmp_path):
    """As in images: only then is it known what is to be had."""
    run = machine(scripts={"apt-cache": "", "apt-get": f"echo $* >>{tmp_path}/log", "id": "echo 0"})
    done = run("setup", "check", APT_LISTS=str(tmp_path))
    assert done.returncode == 0, done.stderr
    first, second = (tmp_path / "log").read_text().splitlines()
    assert "update" in first and "git" in second.split() and "clang-14" not in second.split()
