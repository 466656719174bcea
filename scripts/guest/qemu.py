# SPDX-License-Identifier: MIT
"""One guest: QEMU's command line, its start, its limit; and it always ends.

A guest has a limit of silence: the time for which it may say nothing of what it does. It counts
only time that QEMU itself had (own_time.py), as a guest on a busy machine is slow and does not
hang. When the limit is over for the first time, the guest is told, so that the test that hangs can
fail and the others can run. When it is over again, the guest is ended.
"""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from guest.own_time import OwnTime

QEMU = "qemu-system-x86_64"
PROBE_S = 8
DISK_BYTES = 16 << 20
LOOK_S = 0.1
PORTS = ("progress", "results")  # what the guest says, a file each
LIMIT_PORT = "limit"  # a byte from it: the limit of silence is over
# Nested KVM is offered the MSR of arch-capabilities and then refuses it.
ACCELERATORS = {"tcg": ["-accel", "tcg,thread=multi", "-cpu", "max"],
                "kvm": ["-accel", "kvm", "-cpu", "host,-arch-capabilities"]}
# The kernel expects ten ticks of its timer within some milliseconds when it boots, and panics if a
# busy host has QEMU wait for a CPU meanwhile.
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 no_timer_check"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SAID_BY_INIT = "iowq: the guest is up"


@dataclass
class Ending:
    """A guest's end; `cause` says what was wrong with it, if anything."""
    seconds: float
    cause: str = ""


@dataclass
class Machine:
    """What all guests have in common."""
    kernel: Path
    image: Path
    accelerator: str


def memory_and_cpus(topology):
    words = ["-smp", str(sum(node.cpus for node in topology.nodes)),
             "-m", f"{sum(node.megabytes for node in topology.nodes)}M"]
    for number, node in enumerate(topology.nodes):
        about = f"node,nodeid={number}"
        if node.megabytes:
            words += ["-object", f"memory-backend-ram,id=memory{number},size={node.megabytes}M"]
            about += f",memdev=memory{number}"
        if node.cpus:
            cpus = topology.cpus_of(number)
            about += f",cpus={cpus[0]}-{cpus[-1]}"
        words += ["-numa", about]
    for one in range(len(topology.nodes)):
        for other in range(len(topology.nodes)):
            words += ["-numa", f"dist,src={one},dst={other},val={topology.distance(one, other)}"]
    return words


def devices(topology, folder):
    """A disk on a PCI bus of its node; the ports: what is tested now, the results, the limit."""
    words = ["-device", f"pxb-pcie,id=bridge,bus=pcie.0,bus_nr=128,numa_node={topology.disk_node}",
             "-device", "pcie-root-port,id=rootport,bus=bridge,chassis=1",
             "-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={folder}/disk",
             "-device", "virtio-blk-pci,drive=disk,bus=rootport",
             "-device", "virtio-serial-pci,bus=pcie.0"]
    for port, kind in [*((port, "file") for port in PORTS), (LIMIT_PORT, "pipe")]:
        words += ["-chardev", f"{kind},id={port},path={folder}/{port}",
                  "-device", f"virtserialport,chardev={port},name={port}"]
    return words


def command(machine, name, topology, folder, console, **variables):
    """QEMU's command line. The variables become init's environment: the kernel hands options on
    that it does not know."""
    handed = "".join(f" IOWQ_{key.upper()}={value}" for key, value in variables.items())
    return [QEMU, *ACCELERATORS[machine.accelerator], "-machine", "q35", "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-serial", console,
            *memory_and_cpus(topology), *devices(topology, folder),
            "-kernel", str(machine.kernel), "-initrd", str(machine.image),
            "-append", f"{KERNEL_OPTIONS} IOWQ_TOPOLOGY={name}{handed}"]


def prepare(folder):
    """Makes the guest's folder on the host, without anything of an earlier guest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("console", "said", *PORTS):
        (folder / name).write_bytes(b"")
    (folder / LIMIT_PORT).unlink(missing_ok=True)
    os.mkfifo(folder / LIMIT_PORT)
    with open(folder / "disk", "wb") as disk:
        disk.truncate(DISK_BYTES)


def run(machine, name, topology, folder, limit_s, **variables):
    """Boots the guest, and waits until it has ended itself or its limit of silence is over."""
    prepare(folder)
    # With pdeathsig the guest ends with this process, even if this one is killed.
    line = ["setpriv", "--pdeathsig", "KILL", "--",
            *command(machine, name, topology, folder, f"file:{folder}/console", **variables)]
    began = time.monotonic()
    with open(folder / "said", "wb") as said:
        guest = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        status = wait(guest, folder, limit_s)
        cause = f"QEMU ended with status {status}" if status else ""
    except subprocess.TimeoutExpired:
        cause = f"the guest said nothing new for twice its limit of {limit_s} s"
    finally:
        guest.kill()
        guest.wait()
    return Ending(time.monotonic() - began, cause)


def wait(guest, folder, limit_s):
    """The exit status; raises TimeoutExpired when the guest has been silent for too long."""
    silence, heard, told = OwnTime(guest.pid), 0, False
    while True:
        try:
            return guest.wait(LOOK_S)
        except subprocess.TimeoutExpired:
            # Not the console: a kernel that hangs may complain of it for ever.
            hears = sum((folder / port).stat().st_size for port in PORTS)
            if hears > heard:
                heard, told = hears, False
            elif silence.passed() <= limit_s:
                continue
            elif told:
                raise
            else:
                tell(folder)
                told = True
            silence.restart()


def tell(folder):
    """Lets the guest know that its limit is over, if it listens."""
    port = os.open(folder / LIMIT_PORT, os.O_RDWR | os.O_NONBLOCK)
    os.write(port, b"!")
    os.close(port)


def console(folder):
    """What QEMU and the guest said."""
    return "".join((folder / name).read_text(errors="replace") for name in ("said", "console"))


def kvm_works(machine, name, topology, folder, remember):
    """Whether KVM works: boots a guest that only ends, as nested KVM may be there and still hang.
    The outcome is remembered until the host boots again."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    boot = BOOT_ID.read_text().strip()
    known = remember.read_text().split() if remember.exists() else []
    if known[:1] == [boot]:
        return known[1] == "works"
    probe = Machine(machine.kernel, machine.image, "kvm")
    ending = run(probe, name, topology, folder, PROBE_S, probe=1)
    works = not ending.cause and SAID_BY_INIT in console(folder)
    note_kvm(remember, works)
    return works


def note_kvm(remember, works):
    remember.parent.mkdir(parents=True, exist_ok=True)
    remember.write_text(f"{BOOT_ID.read_text().strip()} {'works' if works else 'fails'}\n")
