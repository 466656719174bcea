# SPDX-License-Identifier: MIT
"""Hosts files: one host in each line."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from suite.errors import BadInput

PORT = 8765


@dataclass(frozen=True)
class Host:
    """One server; `name` is what the hosts file says, in fio's own syntax."""

    name: str
    address: str
    port: int

    @property
    def key(self):
        """(hostname, port), by which the client's JSON names it."""
        return self.address, self.port


def read_hosts(path):
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except OSError as error:
        raise BadInput(f"hosts file {path}: {error.strerror}") from error
    texts = [line.partition("#")[0].strip() for line in lines]
    try:
        hosts = [parse_host(text) for text in texts if text]
    except BadInput as error:
        raise BadInput(f"hosts file {path}: {error}") from error
    if not hosts:
        raise BadInput(f"hosts file {path}: names no host: allowed is a host a line")
    twice = [key for key, n in Counter(host.key for host in hosts).items() if n > 1]
    if twice:
        raise BadInput(f"hosts file {path}: {twice[0][0]} is named twice with port {twice[0][1]}")
    return hosts


def parse_host(text):
    match = re.fullmatch(r"(?:(ip6:)|ip:|ip4:)?([\w.:%-]+)(?:,(\d{1,5}))?", text, re.ASCII)
    port = int(match[3] or PORT) if match else 0
    if not match or not 0 < port < 65536 or (":" in match[2] and not match[1]) \
            or match[2].startswith("-"):
        raise BadInput(f"'{text}': allowed are NAME, ADDRESS and ip6:ADDRESS, each with or without "
                       ",PORT")
    return Host(text, match[2], port)
