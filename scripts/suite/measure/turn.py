# SPDX-License-Identifier: MIT
"""One comparison at a time on a machine: two would measure each other.

Whoever measures holds a name among the machine's abstract sockets. All users can ask for it, and
the kernel gives it back when the process ends, however it ends.
"""

import socket
import struct
import time

NAME = "\0iowq-compare"
ASK_S = 0.5


def take_turn(stop, wait):
    """Waits until no other comparison measures on this machine, or for a signal; with `wait` false
    it only says so. Returns what holds the turn, as long as it is kept; None without it."""
    told = False
    while stop.signal is None:
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            held.bind(NAME)
            held.listen()
            return held
        except OSError:
            held.close()
        if not told:
            print(f"another comparison measures on this machine{whose()}: "
                  + ("waiting for its end" if wait else "both will be disturbed"), flush=True)
        if not wait:
            return None
        told = True
        time.sleep(ASK_S)
    return None


def whose():
    """The process that has the turn, in words; empty where that is not to be known."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(NAME)
        except OSError:
            return ""  # it has just ended
        peer = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, _, _ = struct.unpack("3i", peer)
    return f" (process {pid})" if pid else ""
