# SPDX-License-Identifier: MIT
"""The harness of the guests, without guests: what hangs, dies or is missing is told."""

import importlib.machinery
import importlib.util
import io
import os
import signal
import subprocess
import sys
import tarfile
import time

import pytest
from conftest import HANG_S, SCRIPTS

from guest import image, qemu, results
from guest.topologies import TOPOLOGIES, Node, Topology

ONE = Topology(nodes=(Node(1, 64),), disk_node=0)
PASSING = b'<testsuites><testsuite><testcase classname="a" name="good"/></testsuite></testsuites>'
FAILING = (b'<testsuite><testcase classname="b" name="bad">'
           b'<failure message="m">why it failed</failure></testcase>'
           b'<testcase classname="b" name="not_here"><skipped message="no node"/>'
           b'</testcase></testsuite>')


@pytest.fixture
def fake_qemu(tmp_path, monkeypatch):
    """A QEMU that is this shell script. Its process id is in tmp_path/pid."""

    def make(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / qemu.QEMU
        program.write_text(f"#!/bin/bash\necho $$ >{tmp_path}/pid\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return qemu.Machine(tmp_path / "kernel", tmp_path / "image", "tcg")

    return make


@pytest.fixture
def command(tmp_path, monkeypatch):
    """scripts/numa as a module, with a report of the test's own."""
    loader = importlib.machinery.SourceFileLoader("numa", str(SCRIPTS / "numa"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("numa", loader))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "REPORT", tmp_path / "numa.xml")
    monkeypatch.setattr(module, "BUILD", tmp_path / "guest")
    return module


def archive(**files):
    """What a guest sends."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for name, content in files.items():
            name = name.replace("_XML", ".xml").replace("_STATUS", ".status")
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return output.getvalue()


def whole(**changes):
    return archive(**{"pytest_XML": PASSING, "pytest_STATUS": b"0\n", "iowq_test_XML": PASSING,
                      "iowq_test_STATUS": b"0\n", **changes})


def gone(pid):
    for _ in range(20 * HANG_S):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_an_unknown_topology_is_refused_and_the_known_ones_named():
    done = subprocess.run([SCRIPTS / "numa", "--topology", "seven"], capture_output=True, text=True,
                          timeout=HANG_S, check=False)
    assert done.returncode == 2
    assert all(name in done.stderr for name in ["seven", *TOPOLOGIES])


def test_without_qemu_everything_is_skipped_with_one_line(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "bin").mkdir()
    for name in ("bash", "env", "flock", "grep", "id"):
        (tmp_path / "bin" / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "argv", ["numa"])
    assert command.main() == 0
    reason, total = capsys.readouterr().out.splitlines()
    assert "skipped" in reason and "qemu-system-x86" in reason and "no apt-get" in reason
    assert total == "0 passed, 0 failed, 1 skipped"
    assert "qemu-system-x86" in (tmp_path / "numa.xml").read_text()


SPINS = "while :; do :; done"
HANGS = {  # how a guest hangs, with $OUT as its folder: the test that it hangs in
    "sleeps": ("exec sleep 1000", "boot"),
    "spins": (SPINS, "boot"),
    "spins with two threads": (f"setpriv --pdeathsig KILL bash -c '{SPINS}' & {SPINS}", "boot"),
    "sleeps in a test": ("echo a.py::test_a >$OUT/progress; exec sleep 1000", "a.py::test_a"),
    "spins in a test": (f"echo a.py::test_a >$OUT/progress; {SPINS}", "a.py::test_a"),
    "the kernel complains of it": ("while :; do echo stall >>$OUT/console; sleep 0.05; done",
                                   "boot"),
    "half of its results": ("printf half >$OUT/results; exec sleep 1000", "boot"),
}


@pytest.mark.parametrize("how", HANGS)
def test_a_guest_that_hangs_is_ended_by_its_limit_and_reported(fake_qemu, tmp_path, how):
    script, test = HANGS[how]
    machine = fake_qemu(f"echo 'the last words'; OUT={tmp_path}/run; {script}")
    ending = qemu.run(machine, "one", ONE, tmp_path / "run", 0.5)
    assert "limit of 0.5 s" in ending.cause
    assert gone(int((tmp_path / "pid").read_text()))
    guest = results.collect("one", ending, b"", (tmp_path / "run/progress").read_text(),
                            qemu.console(tmp_path / "run"))
    lines, good = results.summary([guest])
    assert not good and lines[-1] == "0 passed, 1 failed"
    assert "limit of 0.5 s" in lines[0] and test in lines[0] and "the last words" in lines[0]


# It needs half of its limit, and has to share a CPU with so many others that it takes far longer.
AMONG_MANY = f"""exec {sys.executable} -c '
import os, subprocess, time
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
others = [subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "bash", "-c", "{SPINS}"])
          for _ in range(10)]
while time.process_time() < 0.5:
    pass
for other in others:
    other.kill()'"""
ALIVE = {  # what takes longer than the limit and does not hang
    "test after test": "for i in 1 2 3 4 5 6; do sleep 0.4; echo $i >>$OUT/progress; done",
    "results bit by bit": "for i in 1 2 3 4 5 6; do sleep 0.4; printf x >>$OUT/results; done",
    "on a busy machine": AMONG_MANY,
}


@pytest.mark.parametrize("how", ALIVE)
def test_a_guest_that_is_only_slow_is_not_ended(fake_qemu, tmp_path, how):
    machine = fake_qemu(f"OUT={tmp_path}/run\n{ALIVE[how]}")
    ending = qemu.run(machine, "one", ONE, tmp_path / "run", 1)
    assert not ending.cause
    assert ending.seconds > 2, "or it shows nothing"


def test_a_guest_is_told_of_its_limit_before_it_is_ended(fake_qemu, tmp_path):
    """What heeds it goes on with the next test."""
    machine = fake_qemu(f"cd {tmp_path}/run; echo a.py::test_a >progress\n"
                        "exec 4<>limit; read -r -n 1 byte <&4; echo a.py::test_b >>progress")
    ending = qemu.run(machine, "one", ONE, tmp_path / "run", 0.5)
    assert not ending.cause
    assert "test_b" in (tmp_path / "run/progress").read_text()


def test_a_guest_that_dies_is_a_failure_of_what_ran_last(fake_qemu, tmp_path):
    ending = qemu.run(fake_qemu("echo broken; exit 3"), "one", ONE, tmp_path / "run", 20)
    guest = results.collect("one", ending, b"", "", qemu.console(tmp_path / "run"))
    [text] = results.summary([guest])[0][:-1]
    assert "status 3" in text and "in boot" in text and "broken" in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_command_ends_its_guests(fake_qemu, tmp_path, number):
    fake_qemu("exec sleep 1000")
    program = (f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
               "from pathlib import Path\nfrom guest import qemu\nfrom guest.topologies import *\n"
               f"folder = Path({str(tmp_path)!r})\n"
               "machine = qemu.Machine(folder, folder, 'tcg')\n"
               "qemu.run(machine, 'two', TOPOLOGIES['two'], folder / 'run', 500)")
    runner = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert runner.poll() is None
            time.sleep(0.02)
        runner.send_signal(number)
        runner.wait(HANG_S)
        assert gone(int((tmp_path / "pid").read_text()))
    finally:
        runner.kill()
        runner.wait()


def test_the_reports_are_merged_with_the_topology_in_front(tmp_path):
    failing = whole(pytest_XML=FAILING, pytest_STATUS=b"1\n")
    guests = [results.collect("two", qemu.Ending(1), whole(), "", ""),
              results.collect("four", qemu.Ending(1), failing, "", "")]
    results.write(guests, tmp_path / "all.xml")
    lines, good = results.summary(guests)
    assert not good and lines[-1] == "3 passed, 1 failed, 1 skipped"
    assert lines[0].startswith("failed: four.b.bad\n") and "why it failed" in lines[0]
    assert lines[1] == "four.b.not_here: skipped: no node"
    merged = (tmp_path / "all.xml").read_text()
    assert merged.count("<testcase ") == 5 and 'classname="two.a"' in merged


@pytest.mark.parametrize("changes, words", [
    ({"pytest_STATUS": b"3\n"}, "pytest ended with status 3"),
    ({"iowq_test_XML": b"", "iowq_test_STATUS": b"139\n"}, "no XML"),
])
def test_a_part_that_ends_badly_fails_even_if_no_test_did(changes, words):
    guest = results.collect("two", qemu.Ending(1), whole(**changes), "", "")
    lines, good = results.summary([guest])
    assert not good and words in lines[0]


def test_a_part_that_tested_nothing_fails():
    for report in (b"<testsuites/>", b'<testsuite><testcase name="a"><skipped message="so"/>'
                   b"</testcase></testsuite>"):
        guest = results.collect("two", qemu.Ending(1), whole(pytest_XML=report), "", "")
        lines, good = results.summary([guest])
        assert not good and "pytest ran no test that could have passed" in "".join(lines)


def test_a_part_without_a_report_fails():
    sent = archive(pytest_XML=PASSING, pytest_STATUS=b"0", iowq_test_STATUS=b"124")
    guest = results.collect("two", qemu.Ending(1), sent, "iowq_test wq.x\n", "")
    lines, good = results.summary([guest])
    assert not good and "iowq_test ended with status 124" in lines[0] and "wq.x" in lines[0]


def test_a_guest_that_sends_nothing_fails():
    assert not results.summary([results.collect("two", qemu.Ending(1), b"", "", "")])[1]


def test_kvm_that_hung_is_not_tried_again_before_the_next_boot(fake_qemu, tmp_path, monkeypatch):
    machine = fake_qemu("exec sleep 1000")
    monkeypatch.setattr(qemu, "PROBE_S", 0.3)
    monkeypatch.setattr(os, "access", lambda *_: True)

    def ask():
        return qemu.kvm_works(machine, "one", ONE, tmp_path / "run", tmp_path / "kvm")

    assert not ask()
    (tmp_path / "pid").unlink()
    assert not ask() and not (tmp_path / "pid").exists()
    (tmp_path / "kvm").write_text("another-boot works\n")
    assert not ask() and (tmp_path / "pid").exists()


def test_a_module_comes_after_those_that_it_depends_on(tmp_path):
    for name, depends in {"a-b": "c", "c": "d", "d": "", "e": ""}.items():
        (tmp_path / f"{name}.ko").write_bytes(b"\0x=y\0depends=" + depends.encode() + b"\0")
    ordered = image.module_order(tmp_path, ["a_b", "built_in", "c"])
    assert [file.stem for file in ordered] == ["d", "c", "a-b"]


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_a_topology_is_whole(name):
    """Nodes with CPUs first, as the kernel numbers them, and distances that QEMU takes."""
    topology = TOPOLOGIES[name]
    cpus = [node.cpus for node in topology.nodes]
    assert 0 <= topology.disk_node < len(cpus)
    assert sorted(cpus, key=bool, reverse=True) == cpus
    for one in range(len(cpus)):
        for other in range(len(cpus)):
            assert (topology.distance(one, other) == 10) == (one == other)
            assert topology.distance(one, other) == topology.distance(other, one)


def test_a_kernel_that_is_there_is_not_fetched_again(tmp_path):
    (tmp_path / ".debian-package").write_text("linux-image-9\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/bash").symlink_to("/bin/bash")
    done = subprocess.run(["/bin/bash", SCRIPTS / "fetch", "kernel", tmp_path],
                          capture_output=True, text=True, timeout=HANG_S,
                          env={"PATH": str(tmp_path / "bin")}, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("apt, words", [
    (None, "no apt-cache"),
    ("exit 1", "no source carries it"),
    ("echo 'E: Could not resolve the mirror'; exit 100", "E: Could not resolve"),
])
def test_without_a_kernel_to_be_had_one_line_says_why(tmp_path, apt, words):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "mktemp", "rm", "mkdir", "sed", "head", "grep"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    for name in ("apt-cache", "apt-get", "dpkg-deb") if apt else ():
        (folder / name).write_text(f"#!/bin/bash\n{apt}\n")
        (folder / name).chmod(0o755)
    done = subprocess.run(["/bin/bash", SCRIPTS / "fetch", "kernel", tmp_path / "kernel"],
                          text=True, capture_output=True, timeout=HANG_S, env={"PATH": str(folder)},
                          check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert words in done.stderr and not (tmp_path / "kernel").exists()
