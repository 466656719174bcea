# SPDX-License-Identifier: MIT
"""The guest's initramfs: one uncompressed cpio archive, written anew for each run.

It holds busybox, the kernel modules that are asked for and those that they depend on, Python
without its sources, pytest, the programs under test and the shared libraries of all of them.
"""

import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's: the one that its pytest belongs to
MODULES = ["virtio_pci", "virtio_console", "virtio_blk", "configfs", "null_blk",
           "dm-mod", "dm-flakey", "dm-delay", "ecb", "xts", "dm-crypt", "nfsd", "nfsv4"]
PYTEST = ["pytest", "_pytest", "pluggy", "iniconfig", "packaging", "attr", "py"]
# Files that no test uses, and that would only make the image larger.
NOT_IN_THE_GUEST = re.compile(
    r"(test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip|distutils|pydoc_data|config-.*)/"
    r"|lib-dynload/(?!_ctypes\.|_json|_queue|_contextvars|mmap|resource|termios|_multiprocessing)")


class Cpio:
    """An archive in the "newc" format that the kernel unpacks: all files belong to root."""

    def __init__(self, output):
        self.output = output
        self.known = set()

    def entry(self, name, mode, data=b""):
        self.known.add(name)
        encoded = name.encode() + b"\0"
        fields = (len(self.known), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % f for f in fields) + encoded
        for part in (header, data):
            self.output.write(part + b"\0" * (-len(part) % 4))

    def folder(self, path):
        for parent in reversed([path, *path.parents]):
            name = str(parent).lstrip("/")
            if name and name not in self.known:
                self.entry(name, 0o040755)

    def file(self, path, data, executable=False):
        path = Path(path)
        self.folder(path.parent)
        if str(path).lstrip("/") not in self.known:
            self.entry(str(path).lstrip("/"), 0o100755 if executable else 0o100644, data)

    def end(self):
        self.entry("TRAILER!!!", 0)


def libraries(program):
    """The shared libraries of a program, where its loader looks for them."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", said)


def add_program(cpio, program, path):
    cpio.file(path, Path(program).read_bytes(), executable=True)
    for library in libraries(program):
        cpio.file(library, Path(library).read_bytes(), executable=True)


def add_stripped(cpio, program, path, scratch):
    """Adds a program without its debug information, which is nine tenths of ours."""
    small = scratch / Path(path).name
    subprocess.run(["strip", "-o", small, program], check=True)
    cpio.file(path, small.read_bytes(), executable=True)
    small.unlink()
    for library in libraries(program):
        cpio.file(library, Path(library).read_bytes(), executable=True)


def debians_python():
    """(the folder of Python's standard library, the tag in the names of its compiled files)"""
    question = ("import sys, sysconfig; "
                "print(sysconfig.get_path('stdlib'), sys.implementation.cache_tag)")
    library, tag = subprocess.check_output([PYTHON, "-c", question], text=True).split()
    return Path(library), tag


def add_python(cpio):
    """Adds Python as Debian compiled it at installation: it runs without the sources."""
    add_program(cpio, PYTHON, PYTHON)
    library, tag = debians_python()
    packages = Path("/usr/lib/python3/dist-packages")
    for base, top in [(library, library), *((packages, packages / name) for name in PYTEST)]:
        for file in sorted(top.rglob("*")):
            if NOT_IN_THE_GUEST.match(str(file.relative_to(base))):
                continue
            compiled = file.parent / f"__pycache__/{file.stem}.{tag}.pyc"
            if file.suffix == ".so":
                add_program(cpio, file, file)
            elif file.suffix == ".py" and compiled.exists():
                cpio.file(file.with_suffix(".pyc"), compiled.read_bytes())
            elif file.suffix == ".py":
                cpio.file(file, file.read_bytes())


def module_order(kernel_modules, wanted):
    """The files of the modules, each after those that it depends on."""
    files = {f.stem.replace("-", "_"): f for f in kernel_modules.rglob("*.ko")}
    ordered = []

    def add(name):
        file = files.get(name.replace("-", "_"))
        if file is None or file in ordered:  # none: built into the kernel
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", b"\0" + file.read_bytes())
        for other in filter(None, depends[1].decode().split(",")):
            add(other)
        ordered.append(file)

    for name in wanted:
        add(name)
    return ordered


def build(path, kernel_modules, parts):
    """Writes the image to `path`. `parts` names fio, the engine and the test program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as output:
        cpio = Cpio(output)
        for folder in ("proc", "sys", "dev", "tmp", "out", "bin"):
            cpio.folder(Path("/") / folder)
        add_program(cpio, shutil.which("busybox"), "/bin/busybox")
        modules = module_order(kernel_modules, MODULES)
        for module in modules:
            cpio.file(f"/modules/{module.name}", module.read_bytes())
        cpio.file("/modules/order", "".join(f"{m.name}\n" for m in modules).encode())
        add_python(cpio)
        add_program(cpio, shutil.which("dmsetup", path="/sbin:/usr/sbin"), "/bin/dmsetup")
        add_program(cpio, parts.fio, "/bin/fio")
        add_program(cpio, parts.engine, "/lib/iowq.so")
        add_stripped(cpio, parts.iowq_test, "/bin/iowq_test", path.parent)
        for file in sorted((HERE / "inside").glob("*")):
            if file.is_file():
                where = "/init" if file.name == "init" else f"/tests/{file.name}"
                cpio.file(where, file.read_bytes(), executable=file.name == "init")
        cpio.file("/tests/topologies.py", (HERE / "topologies.py").read_bytes())
        cpio.end()
