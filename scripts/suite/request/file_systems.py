# SPDX-License-Identifier: MIT
"""The file systems to compare on, as asked for: kinds to be made, and folders on existing ones."""

import re
from pathlib import Path

from suite.errors import BadInput, meant

KINDS = ("ext4", "xfs", "btrfs", "tmpfs")  # that can be made for the comparison


def name_of(text):
    """`xfs`, or the name in `NAME=DIR`; raises BadInput."""
    name, is_folder, folder = text.partition("=")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", name) or name.startswith("."):
        raise BadInput(f"--file-systems {text}: the name is to be of letters, digits, . _ and -")
    if is_folder and not Path(folder).is_dir():
        raise BadInput(f"--file-systems {text}: {folder} is no folder")
    if not is_folder and name not in KINDS:
        raise BadInput(f"--file-systems {text}{meant(name, KINDS)}: allowed are "
                       f"{', '.join(KINDS)} (made for the comparison), and folders as NAME=DIR")
    return name


def folders_of(texts, scratch):
    """{name: the folder below which its files lie}; '' is the scratch folder."""
    found = {"": scratch}
    for text in texts:
        name, _, folder = text.partition("=")
        path = Path(folder).absolute() if folder else scratch / name
        if found.setdefault(name, path) != path:
            raise BadInput(f"--file-systems {','.join(texts)}: {name} is two folders")
    return found
