# SPDX-License-Identifier: MIT
"""Comparisons on several hosts: real fio servers in two network namespaces with a line between."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ENGINE, HANG_S, LOGGED_JOB, SCRIPTS, TINY_JOB
from suite.errors import BadInput
from suite.fio import over_time
from suite.fio.output import figures, percentile
from suite.measure.client import complaints, judge
from suite.measure.hosts import Hosts
from suite.measure.process import Outcome
from suite.request.hosts_file import parse_host, read_hosts
from suite.request.jobfile import read_job
from synthetic import fio_document
from kept import documents_and_records, kept_records, kept_runs, rows

A, B = ADDRESSES = "10.213.88.1", "10.213.88.2"
PORT = 8765  # fio's own


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True,
                          timeout=HANG_S)


@pytest.fixture(scope="module")
def namespaces():
    """{address: the name of its namespace}"""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip")
    one, other = names = [f"iowq-hosts-{os.getpid()}-{side}" for side in "ab"]
    try:
        try:
            for name in names:
                ip("netns", "add", name)
            ip("link", "add", "v0", "netns", one, "type", "veth", "peer", "name", "v0", "netns",
               other)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces: {error.stderr.strip()}")
        for name, address in zip(names, ADDRESSES):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "v0")
            # Each reaches itself, too.
            for device in ("v0", "lo"):
                ip("-n", name, "link", "set", device, "up")
        yield dict(zip(ADDRESSES, names))
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=HANG_S,
                           check=False)


class Servers:
    def __init__(self, namespaces, folder):
        self.namespaces, self.place, self.started = namespaces, folder, []

    def folder(self, address):
        return self.place / address

    def start(self, address, fio="fio", port=PORT):
        """An fio that serves in a folder of its own."""
        self.folder(address).mkdir(exist_ok=True)
        command = ["ip", "netns", "exec", self.namespaces[address], "timeout", "1800", fio,
                   f"--server=ip:{address},{port}"]
        server = subprocess.Popen(command, cwd=self.folder(address), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.started.append(server)
        sockets = Path(f"/proc/{server.pid}/net/tcp")
        limit = time.monotonic() + HANG_S
        while f":{port:04X} 00000000:0000 0A" not in sockets.read_text():
            assert server.poll() is None and time.monotonic() < limit, "fio does not listen"
            time.sleep(0.01)

    def kill(self, address):
        """All of the machine's processes at once: servers, connections and jobs."""
        for pid in ip("netns", "pids", self.namespaces[address]).stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def jobs(self, address):
        """The processes that are neither the server's own nor their timeout's."""
        pids = map(int, ip("netns", "pids", self.namespaces[address]).stdout.split())
        own = {server.pid for server in self.started}
        return [pid for pid in pids if pid not in own and parent(pid) not in own]


def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.fixture
def servers(namespaces, tmp_path):
    """One in each namespace, unless a test starts its own."""
    made = Servers(namespaces, tmp_path)
    yield made
    for address in ADDRESSES:
        made.kill(address)
    for server in made.started:
        server.wait(timeout=HANG_S)


@pytest.fixture
def both(servers):
    for address in ADDRESSES:
        servers.start(address)
    return servers


@pytest.fixture
def line(namespaces, command, tmp_path):
    """The command line of a comparison on hosts; its client is in the first one's namespace."""

    def words(job, modes="fio:psync", *extra, hosts=ADDRESSES, more_jobs=()):
        file = tmp_path / "hosts"
        file.write_text("# a comment\n\n" + "".join(f"{host}  # another\n" for host in hosts))
        program, *others = command(job, modes, "--hosts", file, "--engine", ENGINE, *extra)
        return ["ip", "netns", "exec", namespaces[A], program, *map(str, more_jobs), *others]

    return words


@pytest.fixture
def compare_on(line):
    def run(*words, **options):
        return subprocess.run(line(*words, **options), capture_output=True, text=True,
                              timeout=HANG_S, check=False)

    return run


def one_line(done, *words):
    """It was refused before anything was run, in a line with these words."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_rates_of_hosts_add_up_and_their_bins_are_merged(tmp_path, job_file, compare_on, both):
    text = TINY_JOB + "[second]\nrw=randread\nbs=8k\nsize=1m\ntime_based\nruntime=150ms\n" \
                      "invalidate=0\n"
    done = compare_on(job_file(text), "fio:psync,fio:io_uring", "--depths", "1,4")
    assert done.returncode == 0, done.stderr
    for row, (document, record) in zip(sorted(rows(tmp_path), key=run_key), sorted(
            documents_and_records(tmp_path), key=lambda pair: record_key(pair[1]))):
        told = record["hosts"]
        assert set(told) == set(ADDRESSES)
        assert all(there["error"] == 0 and there["jobs"] == 2 and there["ios"] > 0
                   and there["lat_p50_ns"] <= there["lat_p99_ns"] for there in told.values())
        assert float(row["iops"]) == pytest.approx(sum(there["iops"] for there in told.values()))
        merged = figures(document)
        assert merged.bins.total() == merged.ios == sum(there["ios"] for there in told.values())
        assert int(row["lat_p99_ns"]) == percentile(merged.bins, 99)
        sums = [job for job in document["client_stats"] if job["jobname"] == "All clients"]
        assert merged.ios == sums[0]["read"]["total_ios"]
    assert re.search(rf"^By host.*^fio:io_uring +4  {re.escape(B)} +\d", done.stdout, re.M | re.S)


def run_key(row):
    return row["mode"], int(row["depth"])


def record_key(record):
    return record["run"]["mode"], record["run"]["depth"]


def test_what_only_a_machine_itself_can_tell_is_absent(tmp_path, job_file, compare_on, both):
    done = compare_on(job_file(LOGGED_JOB), "fio:psync,fio:libaio", "--json")
    assert done.returncode == 0, done.stderr
    for row, record in zip(rows(tmp_path), kept_records(tmp_path)):
        assert row["cpu_ns_per_io"] == row["threads_peak"] == row["switches_per_io"] == ""
        assert record["user_s"] is record["threads_peak"] is record["resident_before"] is None
        assert record["pressure"] is record["cache_hit"] is None
        assert "unchecked_cache" in row["flags"].split(";")
        assert record["iops_over_time"]
    document = json.loads(done.stdout)
    assert all(point["cpu_ns_per_io"] is None and "cpu" not in point["ratios"]
               and set(point["hosts"]) == set(ADDRESSES) for point in document["points"])
    environment = json.loads((tmp_path / "results/env.json").read_text())
    assert "kernel" not in environment and environment["client"]["kernel"]
    assert [(host["name"], host["fio"]) for host in environment["hosts"]] == \
        [(address, environment["versions"]["fio"]) for address in ADDRESSES]
    chart = (tmp_path / "results/charts/tiny-throughput.svg").read_text()
    assert all(address in chart for address in ADDRESSES)
    subprocess.run([str(SCRIPTS / "report"), str(tmp_path / "results")], check=True, timeout=HANG_S,
                   capture_output=True)
    report = (tmp_path / "results/report.html").read_text()
    assert "The machines" in report and environment["client"]["kernel"] not in report


def test_the_cache_state_is_asked_of_the_hosts(tmp_path, job_file, compare_on, both):
    warm = job_file(name="warm.fio")
    cold = job_file(TINY_JOB.replace("invalidate=0\n", ""), name="cold.fio")
    direct = job_file(TINY_JOB + "direct=1\n", name="direct.fio")
    done = compare_on(warm, more_jobs=(cold, direct))
    asked = {kept.record["run"]["job"]: kept.job_file for kept in kept_runs(tmp_path)}
    assert "pre_read=1\n" in asked["warm"] and "invalidate=0\n" in asked["warm"]
    assert "pre_read" not in asked["cold"] + asked["direct"]
    assert all("invalidate=1\n" in asked[name] for name in ("cold", "direct"))
    flags = {row["job"]: "unchecked_cache" in row["flags"].split(";") for row in rows(tmp_path)}
    if done.returncode == 0:  # a file system may refuse O_DIRECT
        assert flags == {"warm": True, "cold": True, "direct": False}


def test_modes_of_the_engine_run_on_the_hosts(tmp_path, job_file, compare_on, both, engine):
    shutil.copy(engine, both.folder(A).parent / "elsewhere.so")
    text = "[tiny]\nrw=randrw\nbs=4k\nsize=1m\ninvalidate=0\n"
    modes = "punt,sqwq+max_bounded=2,hashed"
    done = compare_on(job_file(text), modes, "--host-engine", tmp_path / "elsewhere.so")
    assert done.returncode == 0, done.stderr
    version = re.search(rb"iowq-engine-version: (\S+?)\0", engine.read_bytes())[1].decode()
    environment = json.loads((tmp_path / "results/env.json").read_text())
    assert [host["engine"] for host in environment["hosts"]] == [version, version]
    assert len(rows(tmp_path)) == 3
    assert all(there["ios"] == 256 for record in kept_records(tmp_path)
               for there in record["hosts"].values())


def test_a_server_that_dies_is_named_and_the_rest_goes_on(tmp_path, job_file, line, both):
    text = TINY_JOB.replace("150ms", "3s")
    process = subprocess.Popen(line(job_file(text), "fio:psync,fio:io_uring"), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert "2 runs" in process.stdout.readline()
        wait_for(lambda: io_begun(both, B))
        both.kill(B)
        output, errors = process.communicate(timeout=HANG_S)
    finally:
        process.kill()
    assert process.returncode == 1 and "2 of 2 runs came to no result" in errors
    # In the second run the client finds one host only, and says that all is well.
    (first,), (second,) = ([record for record in kept_records(tmp_path) if word in record["reason"]]
                           for word in ("disconnected", "failed to connect"))
    assert first["status"] != 0 and second["status"] == 0
    for record in first, second:
        assert f"host {B}: no result" in record["reason"] and A not in record["reason"]
        assert record["flags"] == ["failed"]
        assert record["hosts"][A]["ios"] > 0 == record["hosts"][B]["ios"]
    assert all(row["flags"] == "failed" and row["iops"] == "" for row in rows(tmp_path))
    assert f"host {B}" in output


def wait_for(condition):
    limit = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def io_begun(servers, address):
    """Whether a job of the server's has its file open; when files are laid out none is for long."""
    for pid in servers.jobs(address):
        try:
            links = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
            since = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        except OSError:
            continue
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - since / os.sysconf("SC_CLK_TCK")
        if age > 0.5 and any(str(servers.folder(address)) in link for link in links):
            return True
    return False


def test_a_job_that_fails_on_one_host_is_named(tmp_path, job_file, compare_on, servers):
    """On a file system that is too small the layout of a job that writes goes well."""
    place = servers.folder(B)
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)],
                             capture_output=True, text=True, timeout=HANG_S, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount: {mounted.stderr.strip()}")
    try:
        for address in ADDRESSES:
            servers.start(address)
        text = "[tiny]\nrw=write\nbs=4k\nsize=1m\nfallocate=none\n"
        done = compare_on(job_file(text), "fio:psync,fio:libaio")
    finally:
        for address in ADDRESSES:
            servers.kill(address)
        subprocess.run(["umount", "-l", str(place)], timeout=HANG_S, check=True)
    assert done.returncode == 1, done.stdout + done.stderr
    for record in kept_records(tmp_path):
        assert record["flags"] == ["failed"]
        assert f"host {B}: job tiny ended with error 28" in record["reason"]
        assert A not in record["reason"] and record["hosts"][A]["error"] == 0


def test_a_host_without_the_scratch_folder_is_named(tmp_path, job_file, compare_on, both):
    (both.folder(A) / "files").mkdir()
    one_line(compare_on(job_file(), "fio:psync", "--host-scratch", "./files"),
             f"host {B}: ", "./files is not a directory")
    assert not (tmp_path / "results").exists()


def test_jobs_keep_to_the_scratch_folder_of_the_hosts(tmp_path, job_file, compare_on, both):
    for address in ADDRESSES:
        (both.folder(address) / "files").mkdir()
    text = "[tiny]\nrw=randwrite\nbs=4k\nsize=64k\nnumjobs=2\n"
    done = compare_on(job_file(text), "fio:psync", "--host-scratch", "files")
    assert done.returncode == 0, done.stderr
    for address in ADDRESSES:
        assert [path.name for path in both.folder(address).iterdir()] == ["files"]
        assert len(list((both.folder(address) / "files/iowq-tiny").iterdir())) == 2


@pytest.mark.parametrize("text", [
    "[a]\nrw=write\nsize=1m\nfilename=/tmp/elsewhere\n", "[../../a]\nrw=write\nsize=1m\n",
    "[a]\nrw=read\nsize=1m\nfilename=../elsewhere\n", "[a]\nrw=read\nopendir=/etc\n"])
def test_jobs_that_name_files_elsewhere_are_refused(tmp_path, job_file, compare, text):
    hosts = tmp_path / "hosts"
    hosts.write_text("a.example\n")
    one_line(compare(job_file(text), "fio:psync", "--hosts", hosts), "tiny.fio", "hosts")


def test_a_rate_is_not_shared_by_as_many_processes_as_there_happen_to_be(tmp_path, job_file,
                                                                         compare, engine):
    hosts = tmp_path / "hosts"
    hosts.write_text("a.example\n")
    one_line(compare(job_file(TINY_JOB + "numjobs=$ncpus\n"), "sqwq", "--hosts", hosts, "--rates",
                     "1000", "--engine", engine), "--rates: ", "$ncpus")


def test_a_job_that_hangs_is_ended_on_the_hosts_too(tmp_path, job_file, compare_on, both):
    done = compare_on(job_file(), "fio:psync+startdelay=100,fio:psync", "--limit", "4")
    assert done.returncode == 1
    records = {record["run"]["mode"]: record for record in kept_records(tmp_path)}
    assert records["fio:psync+startdelay=100"]["flags"] == ["hung"]
    assert "killed after" in records["fio:psync+startdelay=100"]["reason"]
    assert records["fio:psync"]["ok"]
    for address in ADDRESSES:
        wait_for(lambda address=address: not both.jobs(address))


def test_interrupting_ends_the_jobs_and_resume_goes_on(tmp_path, job_file, line, both):
    text = TINY_JOB.replace("150ms", "1s")
    process = subprocess.Popen(line(job_file(text), "fio:psync", "--repeats", "3"), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while "round 1 of 3" not in process.stdout.readline():
            assert process.poll() is None
        # ip has become the comparison.
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=HANG_S)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    for address in ADDRESSES:
        wait_for(lambda address=address: not both.jobs(address))
    again = subprocess.run([*line(job_file(text))[:4], str(SCRIPTS / "compare"), "--resume",
                            str(tmp_path / "results")], capture_output=True, text=True,
                           timeout=HANG_S, check=False)
    assert again.returncode == 0, again.stderr
    assert len(rows(tmp_path)) == 3 and "of which" in again.stdout
    assert all(set(record["hosts"]) == set(ADDRESSES) for record in kept_records(tmp_path))


def patched(path, old, new, to):
    """A copy with another version of the same length."""
    data = path.read_bytes()
    assert data.count(old) >= 1 and len(old) == len(new)
    to.write_bytes(data.replace(old, new))
    to.chmod(0o755)
    return to


@pytest.fixture
def other_fio(tmp_path):
    """That of IOWQ_OTHER_FIO, else a copy of this one that says it is another."""
    if os.environ.get("IOWQ_OTHER_FIO"):
        return os.environ["IOWQ_OTHER_FIO"]
    version = subprocess.run(["fio", "--version"], capture_output=True, timeout=HANG_S,
                             check=True).stdout.strip()
    return patched(Path(shutil.which("fio")), version, b"fio-" + b"9" * (len(version) - 4),
                   tmp_path / "fio")


def test_a_host_with_another_fio_is_refused(job_file, compare_on, servers, other_fio):
    servers.start(A)
    servers.start(B, other_fio)  # where its protocol is another, too, its version stays unknown
    version = subprocess.run(["fio", "--version"], capture_output=True, text=True, timeout=HANG_S,
                             check=True).stdout.strip()
    one_line(compare_on(job_file(), "fio:psync"), B, version)


def test_hosts_that_agree_on_another_fio_are_refused(job_file, compare_on, servers, other_fio):
    for address in ADDRESSES:
        servers.start(address, other_fio)
    done = compare_on(job_file(), "fio:psync")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert A in done.stderr


def test_a_host_with_another_engine_is_refused(tmp_path, job_file, compare_on, servers, engine):
    """The engine lies at one path on all hosts, so this one has a mount of its own on one."""
    version = re.search(rb"iowq-engine-version: (\S+?)\0", engine.read_bytes())[1]
    other = version.split(b"+")[0] + b"+" + b"0" * 12
    path = tmp_path / "there.so"
    shutil.copy(engine, path)
    shadow = patched(engine, version, other, tmp_path / "other.so")
    wrapper = tmp_path / "fio-with-another-engine"
    wrapper.write_text(f"#!/bin/sh\nmount --bind {shadow} {path} && exec fio \"$@\"\n")
    wrapper.chmod(0o755)
    servers.start(A)
    servers.start(B, wrapper)
    one_line(compare_on(job_file(), "punt", "--host-engine", path), "engine",
             f"{version.decode()} on {A}", f"{other.decode()} on {B}")
    assert compare_on(job_file()).returncode == 0, "no mode of the engine's takes part"


def test_a_host_without_the_engine_is_named(tmp_path, job_file, compare_on, both):
    one_line(compare_on(job_file(), "punt", "--host-engine", tmp_path / "nowhere.so"),
             f"host {A}: ", "nowhere.so")


@pytest.mark.parametrize("host, words", [
    (f"{B},9", ("Connection refused",)), ("10.213.88.77", ()), ("no-such-host.invalid", ())])
def test_an_unreachable_host_is_named_in_one_line(job_file, compare_on, both, host, words):
    one_line(compare_on(job_file(), hosts=(A, host)), f"host {host}: ", *words)


def test_what_is_no_fio_is_named_in_one_line(job_file, compare_on, servers):
    servers.start(A)
    with subprocess.Popen(["ip", "netns", "exec", servers.namespaces[B], "timeout", "1800",
                           "python3", "-c", "import socket\ns = socket.create_server(('', 8765))\n"
                           "while True: s.accept()[0].sendall(b'220 welcome ' * 9)"]) as other:
        sockets = Path(f"/proc/{other.pid}/net/tcp")
        wait_for(lambda: f":{PORT:04X} 00000000:0000 0A" in sockets.read_text())
        try:
            one_line(compare_on(job_file()), f"host {B}: ", "or no fio --server")
        finally:
            servers.kill(B)


@pytest.mark.parametrize("text, words", [
    ("", ("names no host",)), ("# only this\n\n", ("names no host",)),
    ("a\nb\na\n", ("a is named twice",)), ("a\na,8765\n", ("a is named twice",)),
    ("a b\n", ("'a b'",)), ("a,0\n", ("'a,0'",)), ("a,70000\n", ("'a,70000'",)),
    ("a:8765\n", ("'a:8765'",)), ("/etc/passwd\n", ("'/etc/passwd'",)), ("-x\n", ("'-x'",))])
def test_bad_hosts_files_are_told_in_one_line(tmp_path, job_file, compare, text, words):
    hosts = tmp_path / "hosts"
    hosts.write_text(text)
    one_line(compare(job_file(), "fio:psync", "--hosts", hosts), str(hosts), *words)


def test_options_that_do_not_fit_are_told_in_one_line(tmp_path, job_file, compare):
    one_line(compare(job_file(), "fio:psync", "--hosts", tmp_path / "missing"), "No such file")
    one_line(compare(job_file(), "fio:psync", "--host-scratch", "x"), "--hosts")
    hosts = tmp_path / "hosts"
    hosts.write_text("a.example\n")
    for extra, word in ((("--host-engine", "a b"), "--host-engine a b"),
                        (("--placements", "cpus:0"), "--placements"),
                        (("--destroy", "/nowhere"), "--destroy"),
                        (("--file-systems", "tmpfs"), "--file-systems")):
        one_line(compare(job_file(), "fio:psync", "--hosts", hosts, *extra), word)


def test_io_uring_in_user_space_is_for_the_servers(tmp_path, job_file, compare):
    hosts = tmp_path / "hosts"
    hosts.write_text("a.example\n")
    one_line(compare(job_file(), "fio:psync,iowq:io_uring", "--hosts", hosts), "iowq:io_uring",
             "start it as iowq-run fio --server")


def test_a_dry_run_needs_no_host(tmp_path, job_file, compare):
    hosts = tmp_path / "hosts"
    hosts.write_text("no-such-host.invalid\n")
    done = compare(job_file(), "punt,fio:psync", "--hosts", hosts, "--dry-run")
    assert done.returncode == 0 and "2 runs" in done.stdout


def test_hosts_files_are_read_as_fio_reads_hosts(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("a.example # one\n\nip6:fe80::1%eth0,9000\n10.0.0.1,8766\n")
    assert [host.key for host in read_hosts(file)] == \
        [("a.example", 8765), ("fe80::1%eth0", 9000), ("10.0.0.1", 8766)]
    with pytest.raises(BadInput, match="allowed are"):
        parse_host("sock:/tmp/fio")


def test_what_every_fio_says_is_no_complaint():
    text = """<vm> tiny: (g=0): rw=randread, bs=(R) 4096B-4096B, ioengine=psync, iodepth=1
<vm> Starting 1 process
<vm> tiny: Laying out IO file (1 file / 1MiB)
<vm>   iowq: tiny: offload=punt: read 16 inline; engine 0.1.0+0123456789ab
<vm> 
<vm> note: both iodepth >= 1 and synchronous I/O engine are selected
<vm> fio: pid=7, err=28/file:io_u.c:1, func=io_u error, error=No space left on device
client: host=a disconnected
"""
    assert complaints(text) == text.splitlines()[-2:]


@pytest.mark.parametrize("theirs, flags, reason", [
    ({A: 1000, B: 790}, ["hosts_differ"], None), ({A: 1000, B: 810}, [], None),
    ({A: 1000}, ["failed"], f"host {B}: no result"),
    ({A: 1000, B: 0}, ["failed"], f"host {B}: job j did no I/O")])
def test_a_run_is_judged_by_what_each_host_did(job_file, theirs, flags, reason):
    jobs = [fio_document(iops, 1000)["jobs"][0] | {"hostname": address, "port": PORT}
            for address, iops in theirs.items()]
    for job in jobs:
        job["read"]["total_ios"] *= job["read"]["iops"] > 0
    sums = fio_document(9999, 1)["jobs"][0] | {"jobname": "All clients", "hostname": B,
                                               "port": PORT}
    hosts = Hosts([parse_host(address) for address in ADDRESSES], "", ".")
    hosts.about_hosts = [{"name": address, "hostname": "vm"} for address in ADDRESSES]
    outcome = Outcome(stdout=json.dumps({"client_stats": [*jobs, sums]}).encode())
    record, found = judge(hosts, outcome, read_job(job_file(TINY_JOB + "direct=1\n")))
    assert (record["flags"], record["reason"]) == (flags, reason)
    if not reason:
        assert found.iops == sum(theirs.values()) and found.bins.total() == 2000


def test_latency_over_time_is_weighted_by_what_each_host_did(tmp_path):
    for host, iops, ns in (("a", 300, 1000), ("b", 100, 5000)):
        (tmp_path / f"over-time_iops.1.log.{host}").write_text(f"60, {iops}, 0, 0, 0\n")
        (tmp_path / f"over-time_lat.1.log.{host}").write_text(f"60, {ns}, 0, 0, 0\n")
    assert over_time.take(tmp_path, 50) == {"iops_over_time": [[50, 400]],
                                            "latency_over_time": [[50, 2000]]}
    assert not list(tmp_path.iterdir())
