# SPDX-License-Identifier: MIT
"""The Debian packages: what they show, hold and need, and their life on a machine that has nothing
else."""

import os
import platform
import re
import shutil
import subprocess

import pytest
from conftest import HANG_S
from installed import REPOSITORY, make, run

DEBIAN = REPOSITORY / "scripts/debian"
PACKAGES = ("libiowq0", "libiowq-dev", "iowq-tools", "fio-engine-iowq")
INSTALL_S = 900  # a whole Debian is fetched
full = pytest.mark.skipif(not os.environ.get("IOWQ_FULL"), reason="only in make check-full")


def symbols_of(library):
    """The library's own, without their versions."""
    found = [line.split()[-1] for line in run(["nm", "-D", "--defined-only", library]).splitlines()]
    return {name.partition("@")[0] for name in found}


def released():
    """The symbols of the last release, and the library's soname then."""
    soname, *lines = (DEBIAN / "libiowq0.symbols").read_text().splitlines()
    return soname.split()[0], {line.split("@")[0].strip() for line in lines if "@" in line}


def test_no_symbol_of_the_last_release_is_lost():
    """One that is breaks programs: then ABI in the Makefile is raised, the package's name follows,
    and the list begins anew: make deb says how in build/deb/build.log."""
    if platform.machine() != "x86_64":
        pytest.skip("the list is of x86-64")
    library = REPOSITORY / "build/libiowq.so"
    soname = re.search(r"SONAME.*\[(.*)\]", run(["readelf", "-d", library]))[1]
    then, symbols = released()
    assert soname == then and len(symbols) > 100
    assert sorted(symbols - symbols_of(library)) == []


def test_the_version_has_one_place():
    version = re.search(r"^VERSION := (.*)$", (REPOSITORY / "Makefile").read_text(), re.M)[1]
    changes = (REPOSITORY / ".github/CHANGELOG.md").read_text()
    assert re.search(r"^## (?!Next)(\S+)", changes, re.M)[1] == version
    texts = subprocess.run(["git", "grep", "-lF", version, "--", ":!results",
                            ":!scripts/test"], cwd=REPOSITORY,
                           capture_output=True, text=True, timeout=HANG_S, check=False)
    if texts.returncode > 1:
        pytest.skip("this is no git repository")
    assert set(texts.stdout.split()) <= {"Makefile", ".github/CHANGELOG.md",
                                         "scripts/debian/libiowq0.symbols"}


def test_a_fio_of_the_users_own_makes_no_package():
    done = subprocess.run([DEBIAN / "build", "1", "build", "/nowhere"], cwd=REPOSITORY,
                          capture_output=True, text=True, timeout=HANG_S, check=False,
                          env=os.environ | {"FIO_DIR": "/some/fio"})
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "FIO_DIR=" in done.stderr


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """{name: file}"""
    for tool in ("dpkg-buildpackage", "dh"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}")
    folder = tmp_path_factory.mktemp("packages") / "deb"
    make("deb", f"DEB={folder}")
    return {name: next(folder.glob(f"{name}_*.deb")) for name in PACKAGES}


@full
def test_lintian_finds_no_error(packages):
    if not shutil.which("lintian"):
        pytest.skip("no lintian")
    done = subprocess.run(["lintian", "--allow-root", *packages.values()], capture_output=True,
                          text=True, timeout=HANG_S, check=False)
    assert re.findall(r"^E: .*", done.stdout, re.M) == [] and done.returncode == 0


@full
def test_the_engine_needs_the_very_fio_it_was_built_for(packages):
    needs = run(["dpkg-deb", "-f", packages["fio-engine-iowq"], "Depends"])
    version = run(["dpkg-query", "-W", "-f", "${Version}", "fio"])
    assert f"fio (= {version})" in needs


@pytest.fixture(scope="module")
def chroot(tmp_path_factory):
    """A minimal Debian of the suite and from the mirror that this machine has."""
    if os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap")
    policy = run(["apt-cache", "policy", "base-files"])
    sources = re.findall(r"\d+ (\w+://\S+) ([^/\s]+)/main", policy)
    if not sources:
        pytest.skip("no apt source carries Debian's main")
    mirror, suite = sources[0]
    root = tmp_path_factory.mktemp("debian")
    done = subprocess.run(["debootstrap", "--variant=minbase", suite, root, mirror],
                          capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode:
        pytest.skip(f"debootstrap: {(done.stdout.strip().splitlines() or ['failed'])[-1]}")
    # A namespace of its own: /proc is there as long as a command of it runs.
    yield lambda script: subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", f"--root={root}",
         "/bin/bash", "-euc", script], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                            "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True, text=True, timeout=INSTALL_S, check=False), root
    shutil.rmtree(root, ignore_errors=True)


APT = "apt-get -qq --no-install-recommends -y"
USED = """
cd /root
iowq --version
printf '[a]\\nsize=1m\\nrw=randread\\niodepth=4\\n' >a.fio
fio --ioengine=external:$(echo /usr/lib/*/fio/iowq.so) --offload=sqwq --output=/dev/null a.fio
iowq-run fio --ioengine=io_uring --output=/dev/null a.fio
iowq compare a.fio --modes inline,iowq:io_uring --repeats 1 --runtime 100ms --no-trace >said
grep -q 'report: results/' said
cc sum.c $(pkg-config --cflags --libs iowq) -o sum
./sum a.fio
"""
# A newer fio than the engine was built for.
UPGRADED = f"""
mkdir -p /tmp/fio/DEBIAN
printf '%s\\n' 'Package: fio' 'Version: 99' 'Architecture: all' 'Maintainer: x <x@x.x>' \
    'Description: x' >/tmp/fio/DEBIAN/control
dpkg-deb -b /tmp/fio /tmp/fio.deb >/dev/null
{APT} install /tmp/fio.deb >/dev/null || true
dpkg-query -W -f '${{Package}} ${{Status}} ${{Version}}\\n' fio fio-engine-iowq
"""


@full
def test_they_are_installed_used_and_removed(packages, chroot):
    inside, root = chroot
    for file in packages.values():
        shutil.copy(file, root / "tmp")
    shutil.copy(REPOSITORY / "iowq/example/sum.c", root / "root")
    before = {path for path in root.rglob("*iowq*") if path.parent != root / "tmp"}
    names = " ".join(f"/tmp/{file.name}" for file in packages.values())
    for script in (f"{APT} install gcc libc6-dev pkg-config {names}", USED):
        done = inside(script)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    done = inside(UPGRADED)
    assert not ("fio install ok installed 99" in done.stdout and
                "fio-engine-iowq install ok installed" in done.stdout), done.stdout + done.stderr
    assert "install ok installed" in done.stdout
    done = inside(f"{APT} purge {' '.join(PACKAGES)}")
    assert done.returncode == 0, done.stderr
    left = {path for path in root.rglob("*iowq*") if root / "root" not in path.parents} - before
    assert {path for path in left if path.parent != root / "tmp"} == set()
