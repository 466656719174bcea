# SPDX-License-Identifier: MIT
"""A folder served by the kernel's NFS server, and mounted from there.

There is no mountd: what it would answer is put into the server's caches beforehand.
"""

import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

SERVER = Path("/proc/fs/nfsd")
CACHES = Path("/proc/net/rpc")
RECOVERY = Path("/var/lib/nfs/v4recovery")
FOREVER = 2**31 - 1
FROM_ANY_PORT, NO_SUBTREE_CHECK, HAS_FSID = 0x2, 0x400, 0x2000  # include/uapi/linux/nfsd/export.h
BY_FSID = 1


def tell(cache, *words):
    (CACHES / cache / "channel").write_text(" ".join(map(str, words)) + "\n")


def run(*command):
    subprocess.run(command, check=True, timeout=30)


@contextmanager
def mounted(folder, at):
    """Serves `folder` as the server's root, and mounts it at `at`."""
    RECOVERY.mkdir(parents=True, exist_ok=True)  # without it there is no end to the grace period
    run("ip", "link", "set", "lo", "up")
    run("mount", "-t", "nfsd", "nfsd", SERVER)
    listening = socket.create_server(("127.0.0.1", 2049))
    try:
        (SERVER / "versions").write_text("-3 +4 +4.2\n")
        (SERVER / "portlist").write_text(f"{listening.fileno()}\n")
        (SERVER / "threads").write_text("2\n")
        (SERVER / "v4_end_grace").write_text("Y\n")
        flags = FROM_ANY_PORT | NO_SUBTREE_CHECK | HAS_FSID
        tell("auth.unix.ip", "nfsd", "127.0.0.1", FOREVER, "*")
        tell("nfsd.export", "*", folder, FOREVER, flags, 65534, 65534, 0)
        tell("nfsd.fh", "*", BY_FSID, "\\x00000000", FOREVER, folder)
        run("mount", "-i", "-t", "nfs4", "-o", "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1",
            "127.0.0.1:/", at)
        try:
            yield
        finally:
            run("umount", at)
    finally:
        (SERVER / "threads").write_text("0\n")
        listening.close()
        run("umount", SERVER)
