# SPDX-License-Identifier: MIT
"""What all tests in the guest have: the topology that was asked for, a limit, a word to the host.

A test that has to do with fio uses fio.py, with block devices devices.py, with nodes machine.py.
"""

import os
import signal

import pytest

from topologies import TOPOLOGIES

TEST_LIMIT_S = 60
PROGRESS = 3  # init's file descriptor of the port that the host reads along


def pytest_runtest_logstart(nodeid):
    """Tells the host which test runs, in case that the guest never says anything again."""
    os.write(PROGRESS, f"{nodeid}\n".encode())


def limited():
    def over(_number, _frame):
        raise TimeoutError(f"the test ran past its limit of {TEST_LIMIT_S} s")

    signal.signal(signal.SIGALRM, over)
    signal.alarm(TEST_LIMIT_S)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup():
    yield from limited()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call():
    yield from limited()


def pytest_configure(config):
    config.addinivalue_line("markers", "once: nothing to do with nodes, so in one guest only")


def pytest_collection_modifyitems(config, items):
    if os.environ["IOWQ_TOPOLOGY"] != list(TOPOLOGIES)[-1]:  # which is the quickest otherwise
        once = [item for item in items if item.get_closest_marker("once")]
        config.hook.pytest_deselected(items=once)
        items[:] = [item for item in items if item not in once]


@pytest.fixture(scope="session")
def topology():
    return TOPOLOGIES[os.environ["IOWQ_TOPOLOGY"]]
