# SPDX-License-Identifier: MIT
"""Draws charts: those of a results folder into it, others into a folder of the user's choice."""

import os
from pathlib import Path

from suite.draw import gnuplot
from suite.errors import BadInput, FolderFailed

USUAL_FORMATS = ("svg", "png")


def draw(made, to, formats, dark):
    """Draws [(file name, Chart, Figure)] into Charts, or Elsewhere; returns the pictures' paths."""
    names = [name for name, _, _ in made]
    for name in names:
        to.check(name, gnuplot.pictures(name, formats, dark))
    for name, _, figure in made:
        for path, content in gnuplot.files(name, figure).items():
            to.write(path, content)
    return gnuplot.draw(to.path, names, formats, dark)


class Charts:
    """The charts of a results folder: whatever lies there was drawn before."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder.charts

    def check(self, name, pictures):
        pass

    def write(self, name, content):
        self.folder.write(f"charts/{name}", content)


class Elsewhere:
    """A folder that may hold files of the user's, none of which is ever written over.

    Only an earlier plot's pictures are: they are known by the first line of the script beside them.
    """

    def __init__(self, path):
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"--to {path}: cannot be made: {error.strerror}") from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise BadInput(f"--to {path}: cannot be written")

    def check(self, name, pictures):
        if drawn_before(self.path / f"{name}.gp"):
            return
        for file in (f"{name}.gp", f"{name}.dat", *pictures):
            if os.path.lexists(self.path / file):
                raise BadInput(f"{self.path / file}: was not drawn by scripts/plot, and is not "
                               "written over: move it away, or name another folder with --to")

    def check_table(self, name, marker):
        """A table is known by its own first line."""
        if os.path.lexists(self.path / name) and not drawn_before(self.path / name, marker):
            raise BadInput(f"{self.path / name}: was not written by scripts/plot, and is not "
                           "written over: move it away, or name another folder with --to")

    def write(self, name, content):
        """Writes a file whole or not at all."""
        unfinished = self.path / f".{name}.unfinished"
        try:
            unfinished.write_text(content, errors="surrogateescape")
            os.replace(unfinished, self.path / name)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise FolderFailed(f"{self.path}: {error.strerror} at {name}") from error


def drawn_before(path, marker=gnuplot.MARKER):
    try:
        with open(path, errors="replace") as file:
            return file.readline().rstrip("\n") == marker
    except OSError:
        return False
