# SPDX-License-Identifier: MIT
"""iowq-run: what a program does with signals, and how it runs others, where io_uring is denied."""

import errno
import os
import platform
import re
import shutil
import signal
import struct
import subprocess
from pathlib import Path

import pytest
from conftest import HANG_S
from forbid_io_uring import forbid, forbid_io_uring
from installed import REPOSITORY

RUN = str(REPOSITORY / "build/iowq-run")
SOURCES = Path(__file__).parent / "uring"
NOT_STARTED = 126


def run(*command, before=lambda: None, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=HANG_S, check=False, preexec_fn=before, **more)


def denied(*command, before=lambda: None, **more):
    """The command under iowq-run, where io_uring is refused as containers have it."""
    return run(RUN, *command, before=lambda: (forbid_io_uring(), before()), **more)


def build(source, to, *options):
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O1", "-g", "-pthread", "-rdynamic", SOURCES / source,
                    *options, "-luring", "-o", to], check=True)
    return to


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the programs, and what they run."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("signals", "execs", "probe"):
        build(f"{name}.c", folder / name)
    build("probe.c", folder / "static", "-static", "-DSTATIC")
    build("probe.c", folder / "static_pie", "-static-pie", "-fPIE", "-DSTATIC")
    for name, interpreter in (("script", "probe"), ("of_script", "script"),
                              ("of_static", "static")):
        (folder / name).write_text(f"#! {folder / interpreter}\n")
        (folder / name).chmod(0o755)
    (folder / "nameless").write_text(f"exec {folder / 'probe'} argument\n")
    (folder / "nameless").chmod(0o755)
    (folder / "own.c").write_text("int of_the_test;\n")
    subprocess.run(["cc", "-shared", folder / "own.c", "-o", folder / "own.so"], check=True)
    return folder


# ---- running others

WAYS = ["execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle", "execveat", "fexecve",
        "vfork", "posix_spawn", "posix_spawnp", "system", "popen"]
ENVIRONMENTS = ["as it is", "clean", "own"]
RETURNS = {"vfork", "posix_spawn", "posix_spawnp", "system", "popen"}
SHELL = {"system", "popen"}


def execs(built, way, environment, name):
    return denied(built / "execs", way, environment, built, name, built / "own.so")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_program_that_is_run_has_rings(built, way, environment):
    for name in ("probe", "script", "of_script"):
        done = execs(built, way, environment, name)
        own = ", own" if environment == "own" else ""
        said = f"ring{own}, argument\n" + ("status 0\n" if way in RETURNS else "")
        assert (done.stdout, done.stderr) == (said, ""), name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("way", WAYS)
def test_one_that_could_have_none_is_refused_in_a_line(built, way, environment):
    for name in ("static", "static_pie", "of_static"):
        done = execs(built, way, environment, name)
        assert done.stdout == ("status 126\n" if way in SHELL else f"errno {errno.EACCES}\n"), name
        path = built / name.replace("of_", "")
        if way == "fexecve" and name != "of_static":
            path = r"/proc/self/fd/\d+"
        first, *others = done.stderr.splitlines()
        assert re.fullmatch(f"iowq-run: {path} is linked statically, so io_uring in user space "
                            "cannot be put into it", first)
        assert len(others) == (way in SHELL)  # the shell's own


@pytest.mark.parametrize("way", WAYS)
def test_what_the_kernel_refuses_is_left_to_it(built, way):
    (built / "folder").mkdir(exist_ok=True)
    (built / "no_program").write_text("\0\0")
    (built / "not_executable").touch(0o644)
    for name, error, status in (("missing", errno.ENOENT, 127), ("folder", errno.EACCES, 126),
                                ("not_executable", errno.EACCES, 126)):
        if way == "fexecve" and name == "missing":
            error = errno.EINVAL  # the descriptor is none
        done = execs(built, way, "as it is", name)
        assert done.stdout == (f"status {status}\n" if way in SHELL else f"errno {error}\n"), name
        assert "iowq-run" not in done.stderr


@pytest.mark.parametrize("way", ["execvp", "execvpe", "execlp"])
def test_what_names_no_interpreter_is_the_shells(built, way):
    assert execs(built, way, "clean", "nameless").stdout == "ring, argument\n"


def test_one_linked_with_another_c_library_is_refused(built, tmp_path):
    ours = (built / "probe").read_bytes()
    loader = re.search(rb"/lib[^\0]*/ld-linux[^\0]*", ours).group()
    (tmp_path / "other").write_bytes(ours.replace(loader, loader.replace(b"linux", b"other")))
    (tmp_path / "other").chmod(0o755)
    done = denied(tmp_path / "other")
    assert done.returncode == NOT_STARTED
    assert done.stderr.startswith(f"iowq-run: {tmp_path / 'other'} is linked with another C lib")


def test_the_loader_itself_is_no_static_program(built):
    loader = re.search(rb"/lib[^\0]*/ld-linux[^\0]*", (built / "probe").read_bytes()).group()
    assert denied(loader.decode(), built / "probe").stdout == "ring, no argument\n"


def test_one_of_another_machine_is_left_alone(built, tmp_path):
    """Its calls are not trapped. Whether it runs is the kernel's to say."""
    header = bytearray((built / "static").read_bytes())
    struct.pack_into("<H", header, 18, 243)  # RISC-V's number
    (tmp_path / "foreign").write_bytes(header)
    (tmp_path / "foreign").chmod(0o755)
    done = denied(built / "execs", "execve", "clean", tmp_path, "foreign")
    assert (done.stdout, done.stderr) == (f"errno {errno.ENOEXEC}\n", "")


@pytest.mark.parametrize("text", [
    b"", b"#!", b"#! \t", b"#!\n", b"\x7fELF", b"\x7fELF" + bytes(60), b"#!" + b"x" * 400,
    b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 1 << 63, 0, 0,
                                                    64, 56, 65535, 0, 0, 0)])
def test_nonsense_is_refused_by_the_kernel(text, tmp_path):
    (tmp_path / "nonsense").write_bytes(text)
    (tmp_path / "nonsense").chmod(0o755)
    for run_by in ([], ["env"]):
        done = denied(*run_by, tmp_path / "nonsense", cwd=tmp_path)  # a shell may run it
        assert done.returncode in (0, NOT_STARTED, 127) and done.stderr.count("\n") <= 1


def test_scripts_that_name_each_other_end(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).write_text(f"#!{tmp_path / other}\n")
        (tmp_path / one).chmod(0o755)
    done = denied(tmp_path / "a")
    assert done.returncode == NOT_STARTED and os.strerror(errno.ELOOP) in done.stderr


# ---- with fewer rights

NOBODY = 65534


@pytest.fixture
def open_folder(built, tmp_path_factory):
    """Where every user may read, with the programs and iowq-run."""
    if os.geteuid():
        pytest.skip("takes other users' identities: needs root")
    folder = Path("/tmp") / f"{tmp_path_factory.getbasetemp().parent.name}-{os.getpid()}-open"
    folder.mkdir(mode=0o755)
    for path in (built / "probe", built / "execs", REPOSITORY / "build/iowq-run",
                 REPOSITORY / "build/libiowq-uring.so"):
        shutil.copy(path, folder)
    yield folder
    shutil.rmtree(folder)


def as_nobody(*command, folder, before=lambda: None):
    def begin():
        forbid_io_uring()
        before()
    return run(folder / "iowq-run", *command, before=begin, user=NOBODY, group=NOBODY,
               extra_groups=[], cwd=folder)


def test_a_set_user_id_program_has_rings_and_no_rights(open_folder):
    (open_folder / "probe").chmod(0o4755)
    assert as_nobody("./probe", folder=open_folder).stdout == "ring, no argument\n"


def test_one_with_capabilities_is_refused(open_folder):
    cap_net_raw_effective = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)
    try:
        os.setxattr(open_folder / "probe", "security.capability", cap_net_raw_effective)
    except OSError as error:
        pytest.skip(f"no capabilities of files here: {error.strerror}")
    done = as_nobody("./probe", folder=open_folder)
    assert done.returncode == NOT_STARTED and "./probe has capabilities of its own" in done.stderr


def test_one_that_may_not_be_read_is_refused(open_folder):
    (open_folder / "probe").chmod(0o711)
    done = as_nobody("./probe", folder=open_folder)
    assert done.returncode == NOT_STARTED and "./probe may not be read" in done.stderr


def test_one_that_could_not_read_the_library_is_refused(open_folder):
    (open_folder / "libiowq-uring.so").chmod(0o600)
    done = run(open_folder / "iowq-run", "setpriv", f"--reuid={NOBODY}", "--clear-groups",
               open_folder / "probe", before=forbid_io_uring)
    assert f"iowq-run: {open_folder / 'probe'} could not read the library" in done.stderr
    assert done.returncode == NOT_STARTED


def test_one_with_two_identities_is_refused(open_folder):
    done = run(open_folder / "iowq-run", "setpriv", f"--euid={NOBODY}", open_folder / "probe",
               before=forbid_io_uring)
    assert "would run with other rights than its user's" in done.stderr
    assert done.returncode == NOT_STARTED


def test_a_library_that_cannot_be_preloaded_is_told(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name in ("iowq-run", "libiowq-uring.so"):
        shutil.copy(REPOSITORY / "build" / name, folder)
    done = run(folder / "iowq-run", "true")
    assert done.returncode == 2 and "it has a colon or a space" in done.stderr


# ---- signals

def signal_programs():
    text = (SOURCES / "signals.c").read_text()
    return re.findall(r"^    PROGRAM\((\w+)\)", text, re.MULTILINE)


@pytest.mark.parametrize("name", signal_programs())
def test_signals(built, name):
    done = denied(built / "signals", name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", signal_programs())
def test_what_signals_programs_expect_is_what_the_kernel_does(built, name):
    if run(built / "probe").stdout != "ring, no argument\n":
        pytest.skip("the kernel's io_uring is not to be had")
    done = run(built / "signals", name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_call_by_syscall_is_not_trapped(built):
    done = denied(built / "signals", "is_not_trapped")
    assert done.returncode == 0, done.stderr


def test_a_program_may_begin_with_every_signal_blocked_or_ignored(built):
    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

    def ignore():
        signal.signal(signal.SIGSYS, signal.SIG_IGN)
    for before in (block, ignore):
        assert denied(built / "probe", before=before).stdout == "ring, no argument\n"
    done = denied(built / "signals", "set_by_signal", before=ignore)
    assert "signal(SIGSYS, use_in_handler) == SIG_DFL" in done.stderr  # as it is ignored


# ---- bad input

def test_a_filter_that_cannot_be_set_is_told():
    seccomp = 317 if platform.machine() == "x86_64" else 277
    done = run(RUN, "true", before=lambda: forbid(seccomp))
    assert done.returncode == 1
    assert done.stderr == "iowq-run: the seccomp filter cannot be set: Operation not permitted\n"


@pytest.mark.parametrize("name, result, words", [
    ("no_more_threads", -errno.ECANCELED, "no thread could be created"),
    ("no_reads", -errno.ENOSYS, "came to ENOSYS"),
])
def test_a_filter_of_the_programs_that_denies_what_is_needed_is_told(built, name, result, words):
    done = denied(built / "signals", name)
    assert (done.returncode, done.stdout) == (0, f"{result}\n"), done.stderr
    assert done.stderr.startswith("iowq-run: ") and words in done.stderr
    assert done.stderr.count("\n") == 1
