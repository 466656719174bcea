# SPDX-License-Identifier: MIT
"""`make install`: what it puts where, and that programs on it run where io_uring is forbidden."""

import re
import shutil
from pathlib import Path

import pytest
from forbid_io_uring import forbid_io_uring
from installed import REPOSITORY, STRICT, flags, make, prefix, run  # noqa: F401 fixtures


def files_under(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def test_every_file_has_its_place(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/opt/pool", "LIBDIR=/opt/pool/lib64")
    installed = files_under(tmp_path / "opt/pool")
    for name in ("include/iowq/wq.h", "include/iowq/ring.h", "include/iowq/io_wq.h",
                 "include/iowq/pool/wq.h", "lib64/libiowq.a", "lib64/libiowq.so",
                 "lib64/fio/iowq.so", "lib64/pkgconfig/iowq.pc", "lib64/iowq/liburing.so.2",
                 "lib64/cmake/iowq/iowqConfig.cmake", "lib64/cmake/iowq/iowqConfigVersion.cmake"):
        assert name in installed
    for name in ("pkgconfig/iowq.pc", "cmake/iowq/iowqConfig.cmake"):
        told = (tmp_path / "opt/pool/lib64" / name).read_text()
        assert "/opt/pool/lib64" in told and str(tmp_path) not in told and "@" not in told
    make("uninstall", f"DESTDIR={tmp_path}", "PREFIX=/opt/pool", "LIBDIR=/opt/pool/lib64")
    assert files_under(tmp_path) == []


def test_uninstall_leaves_other_programs_files_alone(tmp_path):
    make("install", f"PREFIX={tmp_path}")
    others = ["lib/fio/other.so", "lib/libother.so", "include/other.h"]
    for name in others:
        (tmp_path / name).touch()
    make("uninstall", f"PREFIX={tmp_path}")
    assert files_under(tmp_path) == sorted(others)


def test_the_shared_library_has_a_soname_and_shows_public_symbols_only(prefix):
    library = prefix / "lib/libiowq.so"
    soname = re.search(r"SONAME.*\[(.*)\]", run(["readelf", "-d", library])).group(1)
    assert re.fullmatch(r"libiowq\.so\.\d+", soname) and (prefix / "lib" / soname).exists()
    symbols = run(["nm", "-DC", "--defined-only", library]).splitlines()
    shown = [line.split(maxsplit=2)[2] for line in symbols]
    assert any(name.startswith("iowq::wq::create(") for name in shown)
    strangers = [name for name in shown
                 if not re.match(r"(iowq::|io_wq_|iowq_|acall_|IOWQ_)", name)
                 or re.match(r"iowq::(acct|chain|chain_table|fifo|interrupt_signal|monitor|reaper"
                             r"|route_of|sqthread|work_queue|worker|worker_set)\b", name)]
    assert strangers == []


def test_each_header_compiles_alone(prefix, tmp_path):
    headers = [path for path in files_under(prefix / "include/iowq") if path.endswith(".h")]
    assert {"wq.h", "pool/wq.h", "ring/ring.h", "os/topology.h"} <= set(headers)
    short = [header for header in headers if "/" not in header]  # which only include the others
    assert sorted(short) == sorted(Path(header).name for header in headers if "/" in header)
    alone = [tmp_path / f"{header}.cc" for header in short]
    for path, header in zip(alone, short):
        path.write_text(f"#include <iowq/{header}>\n")
    run(["c++", "-std=c++20", *STRICT, "-fsyntax-only", f"-I{prefix}/include", *alone])


def test_the_c_interfaces_compile_as_c(prefix, tmp_path):
    (tmp_path / "a.c").write_text("#include <iowq/acall.h>\n#include <iowq/io_wq.h>\n"
                                  "#include <iowq/iowq_ring.h>\n"
                                  "int main(void) { io_wq_destroy(0); return 0; }\n")
    for standard in ("c11", "gnu11"):
        run(["cc", f"-std={standard}", *STRICT, "-fsyntax-only", f"-I{prefix}/include",
             tmp_path / "a.c"])


def cmake(folder, *arguments):
    if not shutil.which("cmake"):
        pytest.skip("no cmake")
    return run(["cmake", "-S", folder, "-B", folder / "build", *arguments])


def test_cmake_finds_the_shared_library_and_the_static_one(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(f"""
        cmake_minimum_required(VERSION 3.13)
        project(sums LANGUAGES C)
        find_package(iowq REQUIRED)
        find_package(iowq ${{iowq_VERSION}} EXACT REQUIRED)
        foreach(name iowq static)
            add_executable(sum_${{name}} {REPOSITORY}/iowq/example/sum.c)
            target_link_libraries(sum_${{name}} PRIVATE iowq::${{name}})
        endforeach()
        """)
    cmake(tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    run(["cmake", "--build", tmp_path / "build"])
    (tmp_path / "load").write_bytes(b"\x01\x02")
    for name, shared in (("iowq", True), ("static", False)):
        program = tmp_path / f"build/sum_{name}"
        assert (f"{prefix}/lib/libiowq.so" in run(["ldd", program])) == shared
        assert run([program, tmp_path / "load"]).split()[0] == "3"


@pytest.mark.parametrize("ours, taken, refused", [
    ("0.2.1", ("", "0.2", "0.2.0", "0.2.1"), ("0", "0.1", "0.2.2", "0.3", "1", "20.2")),
    ("1.4.0", ("", "1", "1.0.9", "1.4"), ("0.2", "1.5", "2", "10.4", "14"))])
def test_cmake_gets_no_version_that_is_not_compatible(ours, taken, refused, prefix, tmp_path):
    found = tmp_path / "found/iowqConfig.cmake"
    found.parent.mkdir()
    found.touch()
    installed = (prefix / "lib/cmake/iowq/iowqConfigVersion.cmake").read_text()
    text, times = re.subn(r'(set\(PACKAGE_VERSION )"[\d.]+"', rf'\1"{ours}"', installed)
    assert times == 1
    found.with_stem("iowqConfigVersion").write_text(text)
    asked = "\n".join(f"find_package(iowq {version} QUIET)\n"
                      f"message(STATUS asked:{version}:${{iowq_FOUND}})"
                      for version in (*taken, *refused))
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.13)\nproject(versions NONE)\n{asked}\n")
    told = cmake(tmp_path, f"-DCMAKE_PREFIX_PATH={found.parent}")
    assert re.findall(r"asked:(.*):1", told) == list(taken)
    assert re.findall(r"asked:(.*):0", told) == list(refused)


README_PARTS = re.findall(r"```cpp\n(.*?)```", (REPOSITORY / "iowq/README.md").read_text(), re.S)


@pytest.mark.parametrize("part", range(2))
def test_what_the_readme_shows_runs_where_io_uring_is_forbidden(part, flags, prefix, tmp_path):
    lines = README_PARTS[part].splitlines()
    includes = [line for line in lines if line.startswith("#include")]
    body = [line for line in lines if line not in includes]
    program = [*includes, "#include <cstdio>", "int main() {", *body, "}\n"]
    (tmp_path / "a.cc").write_text("\n".join(program))
    run(["c++", "-std=c++20", *STRICT, *flags("--cflags"), tmp_path / "a.cc",
         "-o", tmp_path / "a", *flags("--libs")])
    run([tmp_path / "a"], preexec_fn=forbid_io_uring, env={"LD_LIBRARY_PATH": f"{prefix}/lib"})


def test_fio_loads_the_installed_engine(prefix, tmp_path):
    if not shutil.which("fio"):
        pytest.skip("no fio")
    run(["fio", "--name=a", f"--ioengine=external:{prefix}/lib/fio/iowq.so",
         f"--filename={tmp_path}/a", "--size=1m", "--rw=randwrite", "--verify=crc32c",
         "--minimal"], cwd=tmp_path)
