# SPDX-License-Identifier: GPL-2.0-only
"""`fio --client` and `fio --server` with the engine, in two network namespaces."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import ENGINE, HANG_S, OURS, engine_version, fio_binary

ADDRESS = "10.213.87.1"
PORT = 8765  # fio's own


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True,
                          timeout=HANG_S)


@pytest.fixture(scope="module")
def namespaces():
    """The names of the server's and the client's, with a line between them."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip")
    server, client = (f"iowq-{os.getpid()}-{side}" for side in "sc")
    try:
        try:
            for name in (server, client):
                ip("netns", "add", name)
            ip("link", "add", "v0", "netns", server, "type", "veth", "peer", "name", "v0", "netns",
               client)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces: {error.stderr.strip()}")
        for name, address in ((server, ADDRESS), (client, "10.213.87.2")):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "v0")
            ip("-n", name, "link", "set", "v0", "up")
        yield server, client
    finally:
        for name in (server, client):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=HANG_S,
                           check=False)


@pytest.fixture(scope="module")
def served(namespaces, tmp_path_factory):
    """The folder of an fio that serves."""
    folder = tmp_path_factory.mktemp("server")
    command = ["ip", "netns", "exec", namespaces[0], "timeout", "1800", fio_binary(),
               f"--server=ip:{ADDRESS}"]
    # timeout makes itself a process group, with the jobs in it.
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    sockets = pathlib.Path(f"/proc/{server.pid}/net/tcp")
    limit = time.monotonic() + HANG_S
    while f":{PORT:04X} 00000000:0000 0A" not in sockets.read_text():
        assert server.poll() is None and time.monotonic() < limit, "fio --server does not listen"
        time.sleep(0.01)
    yield folder
    os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=HANG_S)


@pytest.fixture
def client(namespaces, served, tmp_path):
    """Runs jobs, {mode: options}, on the server: the client's exit status, what it said, and its
    JSON."""

    def run(jobs, form="json"):
        file = tmp_path / "jobs.fio"
        file.write_text("[global]\nbs=4k\n" + "".join(
            f"[{mode}]\nioengine=external:{ENGINE}\noffload={mode}\nfilename={mode}\n" +
            "".join(f"{k}={v}\n" for k, v in options.items()) for mode, options in jobs.items()))
        done = subprocess.run(["ip", "netns", "exec", namespaces[1], fio_binary(),
                               f"--client={ADDRESS}", f"--output-format={form}", file],
                              cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S)
        if not form.startswith("json"):
            return done.returncode, done.stdout + done.stderr, None
        start = done.stdout.find("\n{")
        stats = json.loads(done.stdout[start:])["client_stats"]
        by_name = {job["jobname"]: job for job in stats}
        return done.returncode, done.stdout[:start] + done.stderr, by_name

    return run


def test_every_modes_job_runs_on_the_server(client, served):
    modes = OURS + ["uring"]
    status, said, stats = client({mode: {"rw": "randrw", "verify": "crc32c", "iodepth": 8,
                                         "size": "512k", "pool_stats": "evidence"}
                                  for mode in modes})
    assert status == 0, said
    assert said.count("iowq:") == len(modes)  # a line each, and no error
    for number, mode in enumerate(modes, 1):
        assert stats[mode]["error"] == 0
        evidence = json.loads((served / f"evidence.{mode}.{number}.json").read_text())
        assert evidence["offload"] == mode
        assert evidence["write"]["issued"] == stats[mode]["write"]["total_ios"] > 0


def test_what_the_engine_refuses_reaches_the_client_in_one_line(client):
    status, said, stats = client({"punt": {"rw": "read", "size": "64k", "worker_cpus": 900}})
    assert status != 0
    ours = [line for line in said.splitlines() if "iowq: " in line]
    assert len(ours) == 1
    assert "iowq: worker_cpus=900: names a CPU that this job may not use" in ours[0]
    assert stats["punt"]["error"] != 0


def test_the_line_of_a_job_reaches_a_client_that_people_read(client):
    status, said, _ = client({"inline": {"rw": "read", "size": "64k"}}, form="normal")
    assert status == 0, said
    line = f"  iowq: inline: offload=inline: read 16 inline; engine {engine_version()}\n"
    assert said.count(line) == 1


@pytest.mark.parametrize("form", ["json", "json+"])
def test_a_client_learns_the_servers_engine_beside_its_json(client, form):
    status, said, stats = client({"punt": {"rw": "read", "size": "64k"},
                                  "inline": {"rw": "read", "size": "64k"}}, form)
    assert status == 0, said
    told = dict(re.findall(r"iowq: (\w+): .*; engine (\S+)$", said, re.M))
    assert told == {"punt": engine_version(), "inline": engine_version()}
    assert {"punt", "inline"} <= set(stats)
