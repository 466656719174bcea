# SPDX-License-Identifier: MIT
"""Numbers are read as the installed fio reads them: it is asked, and says so with --debug=parse."""

import re
import subprocess

import pytest
from conftest import HANG_S
from suite.fio.number import number

TEXTS = """8 08 010 0x10 0X1f 1k 1K 1ki 1kib 1KiB 1kb 1m 2mib 1g 1gib 4*1024 8/2 8-4 4:8 8,4 8, 8k,
+8 8.7 1e3 8x 8m% 12abc 1b 1s 1ms 1kk 1000k 1000kib 0x10k 1k0x 0x 0xg 1_0 99999999999 4294967300
9223372036854775807 1t 1tib 1p 1pib 2% 50% k x -3 -0x8 +-8 --4 :8 9223372036854775808 0 00 0b11
１ ٣""".split() + ["8 k", " 8", " 8k", "\t8", "1 0"]


@pytest.fixture(scope="module", params=[1024, 1000])
def asked(request, tmp_path_factory):
    """(kb_base, {text: the number that fio says it took first, or None})"""
    folder, answers = tmp_path_factory.mktemp("numbers"), {}
    while len(answers) < len(TEXTS):
        some = ask(folder, request.param, TEXTS[len(answers):])
        assert some
        answers |= some
    return request.param, answers


def ask(folder, kb_base, texts):
    """The answers as far as the first of the texts that fio refuses, with which it ends."""
    job_file = folder / "numbers.fio"
    job_file.write_text(f"[global]\nioengine=null\nkb_base={kb_base}\n"
                        + "".join(f"[j]\nsize={text}\n" for text in texts))
    done = subprocess.run(["fio", "--parse-only", "--debug=parse", job_file], capture_output=True,
                          timeout=HANG_S, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    # Of a list such as `8,4` the first value counts, which is the first line after the option.
    answers = re.findall(r" handle_option=size, .*\n.*__handle_option=size, .*\n"
                         r".*ret=(\d), out=(\d+)", said)
    return {text: signed(int(value)) if refused == "0" else None
            for text, (refused, value) in zip(texts, answers)}


def signed(value):
    return value - 2**64 if value >= 2**63 else value


@pytest.mark.parametrize("text", TEXTS)
def test_a_number_is_what_fio_makes_of_it(asked, text):
    kb_base, answers = asked
    if text.endswith("%") and text[:-1].isdigit():
        assert number(text, kb_base) is None, "fio keeps a percentage as a number of its own"
    else:
        assert number(text, kb_base) == answers[text]


@pytest.mark.parametrize("text", ["", ",8", "(2*4)", "(2k)", "${DEPTH}", "$ncpus"])
def test_what_fio_would_have_to_be_asked_for_is_none(text):
    assert number(text) is None
