# SPDX-License-Identifier: MIT
"""The programs in iowq/example do what they say, built against an installed copy of the library."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import HANG_S
from forbid_io_uring import forbid_io_uring
from installed import REPOSITORY, STRICT, flags, prefix, run  # noqa: F401 fixtures

EXAMPLES = REPOSITORY / "iowq/example"


@pytest.fixture
def build(flags, prefix, tmp_path):  # noqa: F811
    """Compiles an example, and returns its command."""

    def of(source, static=False, libraries=()):
        compiler, standard = ("cc", "gnu11") if source.endswith(".c") else ("c++", "c++20")
        library = flags("--libs")
        if static:
            library = [f"{prefix}/lib/libiowq.a" if word == "-liowq" else word
                       for word in flags("--libs", "--static")]
        elif library:
            library.append(f"-Wl,-rpath,{prefix}/lib")
        program = tmp_path / source.replace(".", "_")
        run([compiler, f"-std={standard}", "-O1", *STRICT[:2], *flags("--cflags"),
             EXAMPLES / source, "-o", program, *library, *libraries])
        return str(program)

    return of


@pytest.fixture
def load(tmp_path):
    """A file, and the sum of its bytes."""
    path = tmp_path / "load"
    data = os.urandom(3_000_001)
    path.write_bytes(data)
    return path, sum(data)


@pytest.mark.parametrize("source", ["sum.c", "sum.cc", "uv_sum.cc"])
@pytest.mark.parametrize("static", [False, True])
def test_a_sum_is_right_where_io_uring_is_forbidden(source, static, build, load):
    program = build(source, static, ["-luv"] if source == "uv_sum.cc" else [])
    path, wanted = load
    told = run([program, path], preexec_fn=forbid_io_uring)
    assert told.split()[0] == str(wanted)


def test_a_copy_is_the_same(build, load, tmp_path):
    run([build("copy.cc"), load[0], tmp_path / "copy"])
    assert (tmp_path / "copy").read_bytes() == load[0].read_bytes()


@pytest.mark.parametrize("source, arguments", [("copy.cc", ["nothing", "here"]), ("copy.cc", []),
                                               ("uv_sum.cc", ["nothing"]), ("kv.cc", ["log"]),
                                               ("kv_load.cc", ["nothing", 1, 1, 1])])
def test_bad_input_gets_one_line(source, arguments, build, tmp_path):
    program = build(source, libraries=["-luv"] if source == "uv_sum.cc" else [])
    done = subprocess.run([program, *map(str, arguments)], cwd=tmp_path, capture_output=True,
                          text=True, timeout=HANG_S, check=False)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1


# ---- the key-value log


class Store:
    """A running kv."""

    def __init__(self, program, folder):
        self.command = [program, str(folder / "log"), str(folder / "socket")]
        self.log = folder / "log"
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        for _ in range(HANG_S * 100):
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return self.connect().close()
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.01)
        raise AssertionError("nobody listens")

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(self.command[2])
        except OSError:
            client.close()
            raise
        return client.makefile("rw", newline="\n")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def ask(self, *lines):
        """All at once, from one client; the answers."""
        with self.connect() as client:
            client.write("".join(line + "\n" for line in lines))
            client.flush()
            return [client.readline().rstrip("\n") for _ in lines]


@pytest.fixture(params=["kv.cc", "kv_threads.cc"])
def store(request, build, tmp_path):
    its = Store(build(request.param), tmp_path)
    yield its
    its.kill()


def test_what_was_set_is_got(store):
    assert store.ask("get a", "set a 1", "get a", "set a two words", "set b ", "get a", "get b") \
        == ["none", "ok", "= 1", "ok", "ok", "= two words", "= "]
    assert store.ask("", "put a 1", "get ", "get b") \
        == ["error: set KEY VALUE, or get KEY"] * 3 + ["= "]


def test_after_a_kill_all_that_was_answered_is_there(store):
    """Eight clients set what they like until the store is killed, three times."""
    seed = random.randrange(2 ** 32)
    print("seed", seed)
    answered = {}

    def sets(number, rounds):
        rng = random.Random(f"{seed} {number} {rounds}")
        with contextlib.suppress(OSError), store.connect() as client:
            for i in range(10 ** 6):
                key, value = f"{number}.{rng.randrange(50)}", f"{rounds}.{i} " * rng.randrange(9)
                client.write(f"set {key} {value}\n")
                client.flush()
                if client.readline() != "ok\n":
                    return
                answered[key] = value

    for rounds in range(3):
        clients = [threading.Thread(target=sets, args=(n, rounds)) for n in range(8)]
        for each in clients:
            each.start()
        while len(answered) < 50 * (rounds + 1):
            assert any(each.is_alive() for each in clients), "the store has ended"
            time.sleep(0.01)
        store.kill()
        for each in clients:
            each.join()
        with store.log.open("ab") as log:
            log.write(random.Random(seed).randbytes(rounds * 20))  # as of a torn write
        store.start()
        # The last one of a client may be there as well, though it was not answered.
        got = dict(zip(answered, store.ask(*(f"get {key}" for key in answered))))
        assert all(value.startswith("= ") for value in got.values())
        for key, value in answered.items():
            ours = value.split(" ")[0].split(".")
            theirs = got[key][2:].split(" ")[0].split(".")
            if value and got[key][2:]:
                assert [int(x) for x in theirs] >= [int(x) for x in ours], key


def test_it_can_be_measured(store, build):
    told = run([build("kv_load.cc"), store.command[2], 4, 0.2, 50]).splitlines()
    assert [re.fullmatch(r"(sets|gets): \d+ a second, p99 \d+ us", line).group(1)
            for line in told] == ["sets", "gets"]


def test_a_client_that_goes_is_no_trouble(store):
    for _ in range(20):
        with store.connect() as client:
            client.write("set gone 1\nget gone\n")
            client.flush()
    assert store.ask("set a 1", "get a") == ["ok", "= 1"]


def test_a_client_that_reads_nothing_holds_up_no_other(store):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(store.command[2])
        client.sendall(b"set long " + 65536 * b"x" + b"\n" + 100 * b"get long\n")
        while len(answers := client.recv(1 << 17, socket.MSG_PEEK)) < 1 << 16:
            assert answers, "the store has ended it"
        for _ in range(10):
            assert store.ask("set a 1", "get a") == ["ok", "= 1"]
