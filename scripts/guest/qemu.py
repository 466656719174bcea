# SPDX-License-Identifier: MIT
"""One guest: QEMU's command line, its start, its limit and its certain end."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

QEMU = "qemu-system-x86_64"
PROBE_S = 8
DISK_BYTES = 16 << 20
# Nested KVM is offered the MSR of arch-capabilities and then refuses it.
ACCELERATORS = {"tcg": ["-accel", "tcg,thread=multi", "-cpu", "max"],
                "kvm": ["-accel", "kvm", "-cpu", "host,-arch-capabilities"]}
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SAID_BY_INIT = "iowq: the guest is up"


@dataclass
class Ending:
    """How a guest came to its end; `cause` says why it was not the one it should have come to."""
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
    """A disk on a PCI bus of its node, and two ports: what is tested now, and the results."""
    words = ["-device", f"pxb-pcie,id=bridge,bus=pcie.0,bus_nr=128,numa_node={topology.disk_node}",
             "-device", "pcie-root-port,id=rootport,bus=bridge,chassis=1",
             "-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={folder}/disk",
             "-device", "virtio-blk-pci,drive=disk,bus=rootport",
             "-device", "virtio-serial-pci,bus=pcie.0"]
    for port in ("progress", "results"):
        words += ["-chardev", f"file,id={port},path={folder}/{port}",
                  "-device", f"virtserialport,chardev={port},name={port}"]
    return words


def command(machine, name, topology, folder, console, **variables):
    """The variables become init's environment: what the kernel does not know it hands on."""
    handed = "".join(f" IOWQ_{key.upper()}={value}" for key, value in variables.items())
    return [QEMU, *ACCELERATORS[machine.accelerator], "-machine", "q35", "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-serial", console,
            *memory_and_cpus(topology), *devices(topology, folder),
            "-kernel", str(machine.kernel), "-initrd", str(machine.image),
            "-append", f"console=ttyS0 quiet panic=-1 IOWQ_TOPOLOGY={name}{handed}"]


def prepare(folder):
    """The guest's folder on the host, without anything of the guest before it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("console", "progress", "results", "said"):
        (folder / name).write_bytes(b"")
    with open(folder / "disk", "wb") as disk:
        disk.truncate(DISK_BYTES)


def run(machine, name, topology, folder, limit_s, **variables):
    """Boots the guest, and waits until it has ended itself or its limit is over."""
    prepare(folder)
    # Whoever kills this process, even without a chance to clean up, ends the guest too.
    line = ["setpriv", "--pdeathsig", "KILL", "--",
            *command(machine, name, topology, folder, f"file:{folder}/console", **variables)]
    began = time.monotonic()
    with open(folder / "said", "wb") as said:
        guest = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        status = guest.wait(limit_s)
        cause = f"QEMU ended with status {status}" if status else ""
    except subprocess.TimeoutExpired:
        cause = f"the guest ran past its limit of {limit_s} s"
    finally:
        guest.kill()
        guest.wait()
    return Ending(time.monotonic() - began, cause)


def console(folder):
    """What QEMU and the guest said."""
    return "".join((folder / name).read_text(errors="replace") for name in ("said", "console"))


def kvm_works(machine, name, topology, folder, remember):
    """Boots a guest that only ends. Nested KVM may be there and still hang, so the outcome is
    remembered until the host boots again."""
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
