# SPDX-License-Identifier: MIT
"""Programs that were written for io_uring, unchanged under iowq-run, with io_uring denied."""

import ctypes
import hashlib
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from conftest import HANG_S
from forbid_io_uring import forbid_io_uring
from test_uring import RUN, denied, run

FULL = "IOWQ_FULL" in os.environ
PROGRAMS = Path(__file__).resolve().parent / "uring"


def good(done):
    assert done.returncode == 0, f"{done.args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


# ---- programs in C on liburing

@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The path of the compiled uring/NAME.c."""
    folder = tmp_path_factory.mktemp("programs")

    def compiled(name):
        subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread",
                        PROGRAMS / f"{name}.c", "-luring", "-o", folder / name], check=True)
        return folder / name

    return compiled


@pytest.fixture
def source(tmp_path):
    """A file of random bytes, of an odd length."""
    path = tmp_path / "source"
    path.write_bytes(random.Random(1).randbytes((4 << 20) + 4711))
    return path


def test_a_copy_by_linked_reads_and_writes(program, source, tmp_path):
    copies = program("ring_copy")
    assert denied(copies, source, tmp_path / "copy").returncode == 1
    said = good(denied(RUN, copies, source, tmp_path / "copy"))
    assert said == f"{source.stat().st_size} bytes\n"
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


def test_threads_that_block_all_signals(program, source):
    """Each of them reads the file twice, and tells the same of it."""
    lines = good(denied(RUN, program("ring_threads"), source)).splitlines()
    assert len(lines) == 8 and len({word for line in lines for word in line.split()}) == 1


def test_an_event_loop_polls_the_ring(program):
    assert good(denied(RUN, program("ring_epoll"))) == "100 heard of\n"


# ---- io_uring denied by the system's setting, as hardened machines have it

NOBODY = 65534
SETTING = Path("/proc/sys/kernel/io_uring_disabled")  # since Linux 6.6


@pytest.fixture
def nobody(tmp_path):
    """Runs commands as a user to whom the setting denies io_uring, in a folder of his."""
    if not FULL:
        pytest.skip("it changes a setting of the machine's for a moment: make check-full")
    if os.geteuid() != 0:
        pytest.skip("only root can change the machine's settings")
    if not SETTING.exists() or SETTING.read_text() != "0\n":
        pytest.skip(f"{SETTING} is missing, or not 0")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY, NOBODY)

        def by_nobody(*command):
            return run(*command, user=NOBODY, group=NOBODY, extra_groups=[], cwd=folder)

        if by_nobody("test", "-x", RUN).returncode != 0:
            pytest.skip("the build folder is not everybody's to read")
        try:
            SETTING.write_text("1\n")  # root still has it, as other tests may need it
            yield by_nobody
        finally:
            SETTING.write_text("0\n")


def test_the_systems_setting_denies_io_uring(nobody):
    fio = ["fio", "--name=t", "--ioengine=io_uring", "--rw=randrw", "--size=2m", "--bs=4k",
           "--iodepth=16", "--verify=crc32c"]
    refused = nobody(*fio)
    assert refused.returncode == 1 and "Operation not permitted" in refused.stdout, refused
    assert "err= 0" in good(nobody(RUN, "--if-needed", *fio))
    if shutil.which("qemu-img"):
        good(nobody("truncate", "-s", "4m", "disk"))
        bench = ["qemu-img", "bench", "-f", "raw", "-i", "io_uring", "-c", 1000, "disk"]
        assert "Unable to use io_uring" in nobody(*bench).stderr
        for option in "--if-needed", "--liburing":
            assert "Run completed" in good(nobody(RUN, option, *bench))


# ---- QEMU: https://www.qemu.org/docs/master/tools/qemu-img.html

def image(path):
    """The options of an image whose reads and writes are io_uring's."""
    return f"driver=raw,file.driver=file,file.aio=io_uring,file.filename={path}"


@pytest.fixture
def qemu_img():
    if not shutil.which("qemu-img"):
        pytest.skip("no qemu-img")

    def run(*arguments):
        refused = denied("qemu-img", *arguments)
        assert refused.returncode == 1
        assert "Unable to use io_uring" in refused.stderr  # so there is nothing else it could use
        return good(denied(RUN, "qemu-img", *arguments))

    return run


@pytest.mark.parametrize("cache", ["writeback", "none"])
def test_qemu_measures_an_image(qemu_img, source, cache):
    before = source.read_bytes()
    source.write_bytes(before + bytes(-len(before) % 4096))
    options = ["bench", "-f", "raw", "-i", "io_uring", "-t", cache, "-d", 16, "-c", 1000]
    assert "Run completed" in qemu_img(*options, source)
    assert source.read_bytes()[:len(before)] == before
    said = qemu_img(*options, "-w", "--pattern=65", "--flush-interval=100", source)
    assert "Sending flush every 100 requests" in said and "Run completed" in said
    assert source.read_bytes()[:1000 * 4096] == b"A" * (1000 * 4096)


@pytest.mark.parametrize("options", [[], ["-m", 16, "-W"], ["-t", "none", "-T", "none"]])
def test_qemu_converts_an_image(qemu_img, source, tmp_path, options):
    sector = 512
    with open(source, "r+b") as file:
        file.truncate(source.stat().st_size // sector * sector)
    target = tmp_path / "target"
    target.write_bytes(bytes(source.stat().st_size))
    qemu_img("convert", *options, "-n", "--image-opts", "--target-image-opts", image(source),
             image(target))
    assert target.read_bytes() == source.read_bytes()


# ---- MariaDB: https://mariadb.com/kb/en/innodb-system-variables/

CLIENTS, ROWS_AT_ONCE = 4, 3
COMMITS = 200  # of a round, which ends by kill -9
ROUNDS = 5 if FULL else 1


def end_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A mariadbd of the test's own. Its pages do not fit into its memory, and are written soon."""

    def __init__(self, folder):
        self.socket = folder / "socket"
        self.log = []
        (folder / "data").mkdir(exist_ok=True)
        command = [
            RUN, "mariadbd", "--no-defaults", f"--datadir={folder / 'data'}", "--user=root",
            f"--socket={self.socket}", f"--pid-file={folder / 'pid'}", "--skip-networking",
            "--skip-grant-tables", "--innodb-use-native-aio=ON", "--innodb-buffer-pool-size=8M",
            "--innodb-log-file-size=8M", "--innodb-max-dirty-pages-pct=0",
            "--innodb-max-dirty-pages-pct-lwm=0", "--innodb-io-capacity=2000"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, errors="replace", preexec_fn=lambda: (forbid_io_uring(), end_with_parent()))
        self.settled = threading.Event()  # it is ready, or has ended
        self.reader = threading.Thread(target=self.read_log)
        self.reader.start()

    def wait(self):
        assert self.settled.wait(HANG_S) and self.said("ready for connections"), self.text()
        assert self.said("Using (io_uring|liburing)") and not self.said("falling back"), self.text()

    def read_log(self):
        for line in self.process.stdout:
            self.log.append(line)
            if "ready for connections" in line:
                self.settled.set()
        self.settled.set()

    def text(self):
        return "".join(self.log)

    def said(self, pattern):
        return re.search(pattern, self.text())

    def connect(self, **more):
        pymysql = pytest.importorskip("pymysql")
        return pymysql.connect(unix_socket=str(self.socket), user="root", **more)

    def end(self, number):
        self.process.send_signal(number)
        status = self.process.wait(HANG_S)
        self.reader.join()
        return status


class Client:
    """Changes rows of its own, and remembers what each of them is once that was acknowledged."""

    def __init__(self, number):
        self.number = number
        self.random = random.Random(number)
        self.rows = {}  # by their numbers, the digests of their bodies
        self.asked = {}  # the same, should the last commit have been made

    def load(self, server, acknowledged):
        """Until the server is gone. Puts a True for each commit, and what has ended it."""
        try:
            with server.connect(database="load") as connection, connection.cursor() as cursor:
                while True:
                    self.change(connection, cursor)
                    acknowledged.put(True)
        except Exception as error:
            acknowledged.put(error)

    def change(self, connection, cursor):
        begin, below = len(self.rows), len(self.rows) + ROWS_AT_ONCE
        numbers = {*range(begin, below - 1), self.random.randrange(below)}
        bodies = {n: self.random.randbytes(self.random.randrange(16 << 10)) for n in numbers}
        self.asked = self.rows | {n: hashlib.sha256(body).hexdigest() for n, body in bodies.items()}
        for n, body in bodies.items():
            cursor.execute("REPLACE INTO kept VALUES (%s, %s, %s, %s)",
                           (self.number, n, self.asked[n], body))
        connection.commit()
        self.rows = self.asked
        looked_at = self.random.choice([*self.rows])
        assert self.found(cursor, f"AND number = {looked_at}") == {looked_at: self.rows[looked_at]}

    def found(self, cursor, where=""):
        cursor.execute("SELECT number, digest, body FROM kept "
                       f"WHERE client = {self.number} {where}")
        rows = cursor.fetchall()
        assert all(hashlib.sha256(body).hexdigest() == digest for _, digest, body in rows)
        return {number: digest for number, digest, _ in rows}

    def compare(self, cursor):
        """All that was acknowledged is there, and what was asked for is there, or nothing of it."""
        rows = self.found(cursor)
        assert rows in (self.rows, self.asked)
        self.rows = rows


def loaded_until_killed(server, clients):
    acknowledged = queue.Queue()
    threads = [threading.Thread(target=client.load, args=(server, acknowledged))
               for client in clients]
    for thread in threads:
        thread.start()
    try:
        answers = [acknowledged.get(timeout=HANG_S) for _ in range(COMMITS)]
    finally:
        server.end(signal.SIGKILL)
        for thread in threads:
            thread.join(HANG_S)
    assert answers == [True] * COMMITS, server.text()


@pytest.fixture
def start(tmp_path):
    if not shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip("no mariadbd")
    started = []

    def server():
        started.append(Server(tmp_path))
        started[-1].wait()
        return started[-1]

    yield server
    for each in started:
        each.end(signal.SIGKILL)


def test_mariadb_recovers_all_that_it_has_acknowledged(start):
    server = start()
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE `load`")
        cursor.execute("CREATE TABLE `load`.kept (client INT, number INT, digest CHAR(64), "
                       "body MEDIUMBLOB, PRIMARY KEY (client, number), KEY (digest)) ENGINE=InnoDB")
    clients = [Client(number) for number in range(CLIENTS)]
    for _ in range(ROUNDS):
        loaded_until_killed(server, clients)
        server = start()
        assert server.said("Starting crash recovery"), server.text()
        with server.connect(database="load") as connection, connection.cursor() as cursor:
            for client in clients:
                client.compare(cursor)
            cursor.execute("CHECK TABLE kept EXTENDED")
            assert [row[2:] for row in cursor.fetchall()] == [("status", "OK")]
    assert server.end(signal.SIGTERM) == 0 and server.said("Shutdown complete"), server.text()
