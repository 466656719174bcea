# SPDX-License-Identifier: MIT
"""What all tests in the guest have: the topology that was asked for, a limit, a word to the host.

A test that has to do with fio uses fio.py, with block devices devices.py, with nodes machine.py.
"""

import os
import signal
import threading

import pytest

from topologies import TOPOLOGIES

LIMIT = "/dev/limit"  # a byte from it: the host has heard of no other test for too long
PROGRESS = 3  # init's file descriptor of the port that the host reads along


def pytest_runtest_logstart(nodeid):
    """Tells the host which test runs, as the guest may never say anything again."""
    os.write(PROGRESS, f"{nodeid}\n".encode())


def limited():
    """Ends a test when the host says so. A time limit in the guest would only limit how slow an
    emulated machine may be, as the guest's clock goes on while it gets no CPU."""
    def over(_number, _frame):
        raise TimeoutError("the test ran past the host's limit")

    signal.signal(signal.SIGALRM, over)
    yield
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def heed_limit():
    with open(LIMIT, "rb", buffering=0) as port:
        while port.read(1):
            os.kill(os.getpid(), signal.SIGALRM)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup():
    yield from limited()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call():
    yield from limited()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown():
    yield from limited()


def pytest_configure(config):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    threading.Thread(target=heed_limit, daemon=True).start()
    config.addinivalue_line("markers", "once: nothing to do with nodes, so in one guest only")


def pytest_collection_modifyitems(config, items):
    if os.environ["IOWQ_TOPOLOGY"] != list(TOPOLOGIES)[-1]:  # which is the quickest otherwise
        once = [item for item in items if item.get_closest_marker("once")]
        config.hook.pytest_deselected(items=once)
        items[:] = [item for item in items if item not in once]


@pytest.fixture(scope="session")
def topology():
    return TOPOLOGIES[os.environ["IOWQ_TOPOLOGY"]]
