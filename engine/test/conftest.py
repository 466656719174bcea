# SPDX-License-Identifier: GPL-2.0-only
"""The real fio with the engine, on real file systems."""

import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
ENGINE = REPO / "build/engine/iowq.so"
OURS = ["inline", "sqthread", "handoff", "sqwq", "punt", "hashed", "acall", "acall_pool"]
KERNELS = ["uring", "uring_async", "uring_sqpoll", "uring_defer"]
MODES = OURS + KERNELS
FILE_SYSTEMS = ["ext4", "xfs", "btrfs", "tmpfs"]
# Of a command: nothing that a test starts takes a tenth of it on an idle machine, and one that is
# merely slow must not fail. What has to end early shows that by what it did, not by when.
HANG_S = 300
# A shell's background jobs ignore it, and so would what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def turns(*lists):
    """Each value of each list at least once, the lists going round beside each other. With
    IOWQ_FULL=1 all combinations."""
    if os.environ.get("IOWQ_FULL"):
        return list(itertools.product(*lists))
    return [tuple(values[i % len(values)] for values in lists) for i in range(max(map(len, lists)))]


def engine_version():
    """As it stands in the shared object."""
    return re.search(rb"iowq-engine-version: ([0-9.]+\+[0-9a-f]{12})\0",
                     ENGINE.read_bytes())[1].decode()


def fio_binary():
    directory = os.environ.get("FIO_DIR")
    return str(pathlib.Path(directory) / "fio") if directory else "fio"


class Result:
    """What one fio did: its exit status, what it said, and its JSON."""

    def __init__(self, status, said, data):
        self.status, self.said, self.data = status, said, data

    @property
    def job(self):
        return self.data["jobs"][0]


def fio_version():
    said = subprocess.run([fio_binary(), "--version"], capture_output=True, text=True,
                          check=True).stdout
    return tuple(int(n) for n in re.match(r"fio-(\d+)\.(\d+)", said).groups())


def refused(result, *words):
    """In one line of the engine's own, with these words in it."""
    assert result.status != 0
    # fio writes it to both of its outputs, and some fios to both that are read here.
    lines = {line for line in result.said.splitlines() if "iowq:" in line}
    assert len(lines) == 1, result.said
    for word in words:
        assert str(word) in lines.copy().pop(), result.said


def option(name, value):
    return f"--{name}" if value is None else f"--{name}={value}"


@pytest.fixture
def fio(tmp_path):
    """Runs fio with the engine: fio(offload, rw="randread", ...). Options are spelt as in fio."""

    def run(offload, *jobs, binary=None, timeout=HANG_S, prefix=(), preexec=None, **options):
        output = tmp_path / "fio.json"
        base = {"name": "t", "ioengine": f"external:{ENGINE}", "offload": offload,
                "size": "4m", "bs": "4k"}
        given = {k: v for k, v in {**base, **options}.items() if v is not False}
        # Engine options come after ioengine, so the order of `base` matters.
        line = [*prefix, binary or fio_binary(), "--output-format=json", f"--output={output}",
                *(option(k, v) for k, v in given.items()), *jobs]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=timeout,
                                  cwd=tmp_path, preexec_fn=preexec)
        except subprocess.TimeoutExpired:  # fio's jobs are sessions of their own, and would go on
            subprocess.run(["pkill", "--signal", "KILL", "--full", tmp_path], check=False)
            raise
        data, notes = None, ""
        if output.exists():
            text = output.read_text()
            start = 0 if text.startswith("{") else text.find("\n{") + 1
            notes = text[:start] if text[start:start + 1] == "{" else text
            data = json.loads(text[start:]) if text[start:start + 1] == "{" else None
            output.unlink()
        return Result(done.returncode, notes + done.stdout + done.stderr, data)

    return run


@pytest.fixture
def open_folder():
    """A folder that every user may write to. It is not below pytest's own, as each of pytest's
    workers closes its own to other users."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield pathlib.Path(folder)


@pytest.fixture
def evidence(tmp_path):
    """The path evidence that pool_stats=tmp_path/evidence left behind, one dictionary a job."""
    return lambda: [json.loads(p.read_text()) for p in sorted(tmp_path.glob("evidence.*.json"))]


def mount_loop(folder, kind, megabytes):
    """Mounts a fresh file system of that kind; says why when it cannot."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    target = folder / kind
    target.mkdir()
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", target]
    else:
        if not shutil.which(f"mkfs.{kind}", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.skip(f"mkfs.{kind} is not installed")
        image = folder / f"{kind}.img"
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run([f"mkfs.{kind}", "-q", image], check=True, capture_output=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        command = ["mount", "-o", "loop", image, target]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount {kind}: {mounted.stderr.strip()}")
    return target


@pytest.fixture(scope="session")
def file_system(tmp_path_factory):
    """file_system("xfs") is a folder on such a file system, mounted when it is first asked for."""
    # Not below pytest's own folder, which it removes with what is mounted there.
    base = tmp_path_factory.mktemp("mounts")
    mounted = {}

    def get(kind):
        if kind not in mounted:
            mounted[kind] = mount_loop(base, kind, 320)
        return mounted[kind]

    yield get
    for target in mounted.values():
        subprocess.run(["umount", target], check=True)


@pytest.fixture
def loop_device(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("loop devices need root")
    image = tmp_path / "disk.img"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    made = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no loop device: {made.stderr.strip()}")
    device = made.stdout.strip()
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)


def interrupt_when_caught(process, after=0):
    """Sends SIGINT so long after fio has set its handler: sooner, it is lost or ends fio."""
    limit = time.monotonic() + HANG_S
    while process.poll() is None and time.monotonic() < limit:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        if int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) & 1 << signal.SIGINT - 1:
            break
        time.sleep(0.001)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
