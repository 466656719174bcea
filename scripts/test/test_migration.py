# SPDX-License-Identifier: MIT
"""The pages in iowq/migration: what they name is in the installed headers, and their programs do
the same before and after."""

import ctypes
import errno
import os
import re
import shutil
import subprocess

import pytest
from forbid_io_uring import IO_URING_SETUP, forbid_io_uring
from installed import REPOSITORY, STRICT, prefix, run  # noqa: F401 a fixture

PAGES = {path.stem: path.read_text() for path in (REPOSITORY / "iowq/migration").glob("*.md")}
HEADER = {"liburing": "liburing.h", "libuv": "uv.h", "asio": "boost/asio/thread_pool.hpp",
          "linux-aio": "libaio.h"}


def test_each_page_is_tested():
    assert PAGES.keys() == HEADER.keys()


# ---- names


def code_of(headers):
    """What they declare, without comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", "\n".join(headers), flags=re.S)


def body(code, name):
    """What is between the braces of a class, struct or enum."""
    kind = r"\b(?:class|struct|enum)(?: class| IOWQ_API| alignas\(\d+\))*"
    begin = re.search(rf"{kind} {name}\b[^;{{]*{{", code)
    depth, end = 1, begin.end() if begin else len(code)
    while depth and end < len(code):
        depth += {"{": 1, "}": -1}.get(code[end], 0)
        end += 1
    return code[begin.end():end] if begin else ""


def words(code):
    return set(re.findall(r"[A-Za-z_]\w*", code))


def unknown_names(page, code, files):
    """Those in the table's columns of what is new that nobody declares."""
    rows = [line.split("|")[2:-1] for line in page.splitlines() if line.startswith("|")]
    new = re.findall(r"`([^`]+)`", " ".join(cell for row in rows for cell in row))
    assert new
    declared = words(code)
    for text in new:
        members = re.findall(r"(\w+)::(\w+)", text)
        if "/" in text:
            known = text in files
        else:
            known = words(text) <= declared and all(
                member in words(body(code, owner)) for owner, member in members)
        if not known:
            yield text


@pytest.mark.parametrize("page", PAGES)
def test_what_is_named_is_there(page, prefix):  # noqa: F811
    headers = sorted((prefix / "include/iowq").glob("*/*.h"))
    files = {str(path.relative_to(prefix / "include")) for path in prefix.rglob("include/iowq/*.h")}
    code = code_of(path.read_text() for path in headers)
    assert list(unknown_names(PAGES[page], code, files)) == []


def test_what_is_not_there_is_found():
    code = code_of(["class IOWQ_API wq : base {\n struct pace { int now; };\n int exit(); // soon\n"
                    "};\nenum class opcode : int { read };\nstruct a;\n"])
    page = "| `old` | `wq::exit`, `soon`, `opcode::read`, `wq::read`, `exit`, `a::exit`, `a/b.h` |"
    assert list(unknown_names(page, code, {"a/c.h"})) == ["soon", "wq::read", "a::exit", "a/b.h"]


# ---- programs


@pytest.fixture
def build(prefix, tmp_path):  # noqa: F811
    """Compiles a page's program as the page says, and returns it."""
    if not shutil.which("pkg-config"):
        pytest.skip("no pkg-config")
    (tmp_path / "data").write_bytes(os.urandom(13_000))

    def of(page, when):
        if not is_installed(HEADER[page]):
            pytest.skip(f"no {HEADER[page]}")
        command, text = re.search(rf"^{when} \(`([^`]+)`\):\n\n```c(?:pp)?\n(.*?)```", PAGES[page],
                                  re.S | re.M).groups()
        source = re.search(r"\w+\.cc?\b", command)[0]
        folder = tmp_path / when
        folder.mkdir()
        (folder / source).write_text(text)
        where = os.environ | {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}
        strict = " ".join([*STRICT[:2], "-Wno-unused-parameter", "-Werror"])
        run(["sh", "-c", f"{command} {strict}"], cwd=folder, env=where)
        return folder / source.partition(".")[0]

    return of


def is_installed(header):
    asked = f"#if !__has_include(<{header}>)\n#error\n#endif\n"
    return subprocess.run(["c++", "-xc++", "-E", "-"], input=asked, text=True, capture_output=True,
                          check=False).returncode == 0


def told(*command, libraries, **more):
    where = os.environ | {"LD_LIBRARY_PATH": str(libraries)}
    return run([*command, "../data"], cwd=command[-1].parent, env=where, **more)


def io_uring_is_refused():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(IO_URING_SETUP, 0, None)
    return ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)


@pytest.mark.parametrize("page", PAGES)
def test_the_programs_of_a_page_do_the_same(page, build, prefix, tmp_path):  # noqa: F811
    before, after = build(page, "Before"), build(page, "After")
    if page == "liburing" and io_uring_is_refused():
        pytest.skip("no io_uring")
    if page == "linux-aio":
        try:
            os.close(os.open(tmp_path / "data", os.O_RDONLY | os.O_DIRECT))
        except OSError:
            pytest.skip(f"no O_DIRECT in {tmp_path}")
    wanted = told(before, libraries="")
    assert wanted
    assert told(after, libraries=prefix / "lib", preexec_fn=forbid_io_uring) == wanted


def test_a_program_on_liburing_may_stay_as_it_is(build, prefix):  # noqa: F811
    before, after = build("liburing", "Before"), build("liburing", "After")
    wanted = told(after, libraries=prefix / "lib")
    assert told(prefix / "bin/iowq-run", before, libraries="",
                preexec_fn=forbid_io_uring) == wanted
    assert told(before, libraries=prefix / "lib/iowq", preexec_fn=forbid_io_uring) == wanted
