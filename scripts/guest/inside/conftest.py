# SPDX-License-Identifier: MIT
"""What the tests in the guest have in common: the topology that was asked for, fio, block devices."""

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


@pytest.fixture(scope="session")
def topology():
    return TOPOLOGIES[os.environ["IOWQ_TOPOLOGY"]]
