# SPDX-License-Identifier: MIT
"""Modes that switch the kernel's own handoff on and off: no kernel here has it, so its file is a
plain one."""

import pytest
from suite.errors import BadInput
from suite.measure import kernel_handoff
from suite.request.modes import parse_mode


@pytest.fixture
def sysctl(tmp_path, monkeypatch):
    file = tmp_path / "io_uring_handoff"
    file.write_text("0\n")
    monkeypatch.setattr(kernel_handoff, "SYSCTL", file)
    return file


@pytest.mark.parametrize("text, during", [("uring+kernel_handoff=1", "1"), ("uring", "0\n"),
                                          ("fio:io_uring+kernel_handoff=0", "0")])
def test_it_is_set_for_the_run_and_set_back(sysctl, text, during):
    mode = parse_mode(text)
    kernel_handoff.check([mode])
    with pytest.raises(KeyError), kernel_handoff.during_run(mode.kernel_handoff):
        assert sysctl.read_text() == during
        raise KeyError
    assert sysctl.read_text() == "0\n"


def test_fio_gets_none_of_it():
    assert "kernel_handoff" not in parse_mode("uring+kernel_handoff=1+hipri=1").job_options("/x")


def test_a_kernel_without_it_is_said(sysctl):
    sysctl.unlink()
    kernel_handoff.check([parse_mode("uring")])
    with pytest.raises(BadInput, match="no .*io_uring_handoff: allowed is uring,"):
        kernel_handoff.check([parse_mode("uring+kernel_handoff=1")])


@pytest.mark.parametrize("text", ["sqwq+kernel_handoff=1", "fio:psync+kernel_handoff=0",
                                  "uring+kernel_handoff=2"])
def test_it_is_the_kernels_modes_alone_and_on_or_off(text):
    with pytest.raises(BadInput, match="is 0 or 1, and of the kernel's modes: uring, "):
        parse_mode(text)
