# SPDX-License-Identifier: MIT
"""The folders of the library and of the suite are layers: what is in one knows nothing of those
above it. In the library only the lowest names what a test build may want to replace."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Lowest first. acall and ring are two faces of the pool: neither knows the other.
MAY_INCLUDE = {"os": {"os"}, "pool": {"os", "pool"}, "ring": {"os", "pool", "ring"},
               "acall": {"os", "pool", "acall"}, "uring": {"os", "pool", "uring"}}
# They speak the kernel's own interfaces.
OF_THE_MACHINE = {"os", "uring"}


def sources(layer):
    listed = subprocess.run(["git", "ls-files", f"iowq/{layer}"], cwd=REPOSITORY,
                            capture_output=True, text=True, check=True)
    return listed.stdout.split()


def upward_includes(layer, text):
    included = re.findall(r'^#include [<"](?:iowq/)?((?:\w+/)*\w+\.h)[>"]', text, re.MULTILINE)
    own = [name.rpartition("/") for name in included]
    return [f"{folder}/{name}" for folder, _, name in own
            if folder in MAY_INCLUDE and folder not in MAY_INCLUDE[layer]]


@pytest.mark.parametrize("layer", MAY_INCLUDE)
def test_includes_run_downward(layer):
    found = {source: upward for source in sources(layer)
             if (upward := upward_includes(layer, (REPOSITORY / source).read_text()))}
    assert sources(layer) and not found


def test_every_source_is_in_a_layer():
    outside = {"test", "bench", "example", "explore"}
    folders = {Path(s).parts[1] for s in sources("") if s.endswith((".cc", ".h"))}
    assert folders - outside == set(MAY_INCLUDE)


def test_an_upward_include_is_found():
    text = '#include "iowq/ring/cq.h"\n#include <sys/uio.h>\n#include "iowq/os/park.h"\n'
    assert upward_includes("pool", text) == ["ring/cq.h"]
    assert upward_includes("ring", text) == []


# Atomics, futexes, mutexes, clocks, threads, thread_local, signals, system calls. Those whose names
# are also those of methods (read, close, poll) need a header that is not to be included either.
OF_OS_ONLY = re.compile(
    r"\bstd::(?:atomic|memory_order|mutex|thread\b|jthread|condition_variable|this_thread)"
    r"|\bchrono::\w+_clock|\bthread_local\b|\b__(?:atomic|sync)_|\bpthread_"
    r"|\b(?:syscall|futex|gettid|getpid|tgkill|kill|sigaction|ppoll|eventfd|timer_\w+|sched_\w+"
    r"|prctl|getrusage|getrlimit|sysconf|clock_gettime|nanosleep|mmap|munmap|ioctl|fcntl|fstat"
    r"|p(?:read|write)(?:v2?)?|fsync|fdatasync|fallocate)\(")
OF_OS_ONLY_HEADERS = re.compile(
    r"#include <(?:atomic|mutex|thread|condition_variable|semaphore|pthread\.h|unistd\.h|fcntl\.h"
    r"|poll\.h|c?signal(?:\.h)?|(?:linux|sys)/\S+)>")
# Types in the interfaces for C.
ALLOWED_HEADERS = {"iowq/acall/acall.h": {"#include <sys/select.h>"}}


def named_outside_os(source, text):
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    headers = set(OF_OS_ONLY_HEADERS.findall(code)) - ALLOWED_HEADERS.get(source, set())
    return [*OF_OS_ONLY.findall(code), *headers]


@pytest.mark.parametrize("layer", sorted(MAY_INCLUDE.keys() - OF_THE_MACHINE))
def test_only_os_names_the_machine(layer):
    found = {source: named for source in sources(layer)
             if (named := named_outside_os(source, (REPOSITORY / source).read_text()))}
    assert not found


@pytest.mark.parametrize("line", [
    "std::atomic<int> a;", "std::memory_order_relaxed", "thread_local int x;",
    "pthread_join(t, nullptr);", "syscall(SYS_gettid);", "std::chrono::steady_clock::now();",
    "gettid()", "timer_create(x)", "n = preadv2(fd, &v, 1, 0, 0);", "n = pread(fd, b, 1, 0);"])
def test_what_os_alone_may_name_is_found(line):
    assert named_outside_os("iowq/pool/wq.cc", f"void f() {{\n    {line}\n}}\n")


@pytest.mark.parametrize("header", ["atomic", "sys/mman.h", "linux/futex.h", "unistd.h"])
def test_a_header_for_os_alone_is_found(header):
    assert named_outside_os("iowq/pool/wq.cc", f"#include <{header}>\n")


@pytest.mark.parametrize("line", [
    "atomic<int> a;", "a->close(cancelled);", "// close(2)", "std::chrono::milliseconds idle;",
    "all().signal.emplace().open()", "n += aio_->poll(out);"])
def test_what_others_may_name_is_not(line):
    assert not named_outside_os("iowq/pool/wq.cc", f"void f() {{\n    {line}\n}}\n")


# ---- the suite's folders, each a step

# Two ways that meet in modules beside the folders, which may import all: what is asked for is
# measured and kept, and what was kept is analysed, drawn and told. The modules of LOWEST are below
# all folders.
MAY_IMPORT = {
    "fio": {"fio"},
    "request": {"fio", "request"},
    "measure": {"fio", "request", "measure"},
    "store": {"fio", "request", "measure", "store"},
    "analyse": {"fio", "request", "analyse"},
    "draw": {"fio", "request", "analyse", "draw"},
    "report": {"fio", "request", "analyse", "draw", "report"},
    "workers": {"fio", "request", "measure", "draw", "workers"},
}
SUITE = REPOSITORY / "scripts/suite"
LOWEST = ("errors", "places", "units")


def imported(text):
    """The suite's folders, and the modules beside these, that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module != "suite" else \
                [f"suite.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("suite.")}
    return found


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_run_one_way(folder):
    modules = list((SUITE / folder).rglob("*.py"))
    found = {module.name: wrong for module in modules
             if (wrong := imported(module.read_text()) - MAY_IMPORT[folder] - set(LOWEST))}
    assert modules and not found


@pytest.mark.parametrize("module", LOWEST)
def test_what_all_import_imports_none_of_them(module):
    assert imported((SUITE / f"{module}.py").read_text()) <= set(LOWEST)


def test_every_module_is_in_a_folder():
    beside = {path.stem for path in SUITE.glob("*.py")}
    assert beside == {"__init__", "comparison", "open_loop", "search", *LOWEST}
    assert {path.parent.name for path in SUITE.glob("*/*.py")} == set(MAY_IMPORT)


@pytest.mark.parametrize("text, folders", [
    ("from suite.draw.axis import LOG", {"draw"}), ("from suite import comparison", {"comparison"}),
    ("import suite.store.folder\nimport os", {"store"}), ("from pathlib import Path", set())])
def test_an_import_is_found_however_it_is_written(text, folders):
    assert imported(text) == folders
