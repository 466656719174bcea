# SPDX-License-Identifier: MIT
"""Figures as gnuplot scripts with their data, and the pictures that gnuplot makes of them.

NAME.gp and NAME.dat need only each other: `gnuplot NAME.gp` draws all pictures. Two variables may
be set with -e: kinds='svg png pdf', and dark=1 for the pictures NAME-dark.* on a dark background.
"""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from suite.draw.axis import LOG, TAIL, text_width
from suite.draw.figure import DIVERGING, INK, RISING, TEXT, Cell, Layout, Tile, x_labels, y_labels
from suite.errors import FolderFailed

FORMATS = ("svg", "png", "pdf")
LIMIT_S = 120
# (on light, on dark). On light c1 to c8 are podo's colours; on dark black is white, and colours
# that would be too dim are lighter. c9 is FAINT. t0 to t7 are the tiles' colours, from the least
# share to the greatest: away from the paper, so letters are of ink, on the last ones of paper.
# d0 to d8 go away from the paper to both sides.
COLOURS = {
    "paper": ("#ffffff", "#15181c"),
    "quiet": ("#505050", "#a8adb4"),
    "grid": ("#e4e4e4", "#30353b"),
    "frame": ("#707070", "#8a9098"),
    "ink": ("#1a1a1a", "#e8eaed"),
    "c1": ("#000000", "#ffffff"),
    "c2": ("#e69f00", "#f0ad1f"),
    "c3": ("#56b4e9", "#8fd3ff"),
    "c4": ("#009e73", "#1fc596"),
    "c5": ("#f0e442", "#f0e442"),
    "c6": ("#0072b2", "#4393e6"),
    "c7": ("#d55e00", "#f07a28"),
    "c8": ("#cc79a7", "#dd92bb"),
    "c9": ("#bebebe", "#5c646d"),
    "t0": ("#f2f6fb", "#1b2128"),
    "t1": ("#dfeaf6", "#1f2c39"),
    "t2": ("#c9def1", "#213a50"),
    "t3": ("#aacfe8", "#234867"),
    "t4": ("#86bade", "#27567d"),
    "t5": ("#60a1d0", "#2b648f"),
    "t6": ("#2272b4", "#7fb9ec"),
    "t7": ("#08519c", "#b8dafa"),
    "d0": ("#a84a00", "#f5ad45"),
    "d1": ("#e5831c", "#8c5a18"),
    "d2": ("#f9b868", "#654417"),
    "d3": ("#fbdfbd", "#3b2e1e"),
    "d4": ("#f1f2f4", "#20252b"),
    "d5": ("#d3e4f3", "#1f2f40"),
    "d6": ("#9ecae4", "#224a6b"),
    "d7": ("#57a0d3", "#2c6794"),
    "d8": ("#11599e", "#86c0f2"),
}
# Of each scale of tiles: how many, and those whose letters are of paper.
TILES = {RISING: (8, (6, 7)), DIVERGING: (9, (0, 8))}
# The cairo terminals take font sizes in points of 1/72 inch, but pixels are 1/96 inch. Fonts, lines
# and points are scaled so that they come out as in the SVG.
TERMINALS = {
    "svg": "set terminal svg noenhanced size {w},{h} font '{font}' background paper",
    "png": "set terminal pngcairo noenhanced size {w2},{h2} font '{font}' fontscale 1.5 "
           "linewidth 2 pointscale 3.6 dashlength 0.6 background paper",
    "pdf": "set terminal pdfcairo noenhanced size {w_in},{h_in} font '{font}' fontscale 0.75 "
           "linewidth 2 pointscale 1.8 background paper",
}
FONT = "sans-serif"
TIC_OFFSETS = {"x": "0, 0.35", "y": "0.4, 0"}
THIN, HOLLOW = (1, 2, 3), (4, 6, 8, 10, 12, 14)  # a filled point is the next after a hollow one
INNER_SIZES = {(6, 2): 0.72}  # gnuplot's cross is as wide as its square
LINES = {"line": "lines", "steps": "steps"}
MARKER = "# Drawn by scripts/plot of iowq"
# (colour, colour of letters on it) from low to high; the same on a light and on a dark page.
HEAT = ((0xfde725, "#000000"), (0x5ec962, "#000000"), (0x21918c, "#ffffff"), (0x3b528b, "#ffffff"),
        (0x440154, "#ffffff"))


def files(name, figure):
    """{file name: content} of a figure's script and data."""
    data = Data()
    script = Script(name, figure, data).text()
    return {f"{name}.dat": data.text(), f"{name}.gp": script}


def pictures(name, formats, dark):
    return [f"{name}{'-dark' if dark else ''}.{kind}" for kind in formats]


def draw(folder, names, formats, dark=False):
    """Runs the scripts of that folder side by side; returns the paths of all pictures."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        drawn = pool.map(lambda name: draw_one(folder, name, formats, dark), names)
        return [path for paths in drawn for path in paths]


def draw_one(folder, name, formats, dark):
    settings = f"kinds='{' '.join(formats)}'; dark={int(dark)}"
    paths = [folder / picture for picture in pictures(name, formats, dark)]
    try:
        done = subprocess.run(["gnuplot", "-e", settings, f"{name}.gp"], cwd=folder, text=True,
                              capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise FolderFailed(f"gnuplot did not end {folder}/{name}.gp in {LIMIT_S} s") from None
    if done.returncode != 0 or not all(p.exists() and p.stat().st_size for p in paths):
        reason = done.stderr.strip().splitlines() or ["no picture was written"]
        raise FolderFailed(f"gnuplot could not draw {folder}/{name}.gp: {reason[-1].strip()}")
    return paths


def quoted(text):
    """A gnuplot string: between single quotes nothing is expanded, run or escaped."""
    return "'" + printable(text).replace("'", "''") + "'"


def printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)


def number(value):
    return "NaN" if value is None else f"{value:.6g}"


class Data:
    """The data file: blocks of lines that gnuplot knows by their index."""

    def __init__(self):
        self.blocks = []

    def add(self, title, lines):
        """The index of the block; what several panels show is written once."""
        block = "\n".join([f"# {printable(title)}", *lines]) + "\n"
        if block not in self.blocks:
            self.blocks.append(block)
        return self.blocks.index(block)

    def add_series(self, series):
        lines = []
        for mark in series.marks:
            columns = [mark.x, mark.y, mark.low, mark.high]
            cells = " ".join(number(value) for value in columns)
            if isinstance(mark, Tile):
                light, dark = (int(colour[1:], 16) for colour in COLOURS[tile_colour(mark)])
                cells += f" {light} {dark} {number(mark.half)} {int(mark.ring)}"
            elif isinstance(mark, Cell):
                cells += f" {heat(mark.share)[0]}"
            lines.append(cells + (f" # {printable(mark.note)}" if mark.note else ""))
        return self.add(f"{series.name}: x y low high", lines)

    def add_path(self, series):
        return self.add(f"{series.name}, its line: x y",
                        [f"{number(at[0])} {number(at[1])}" if at else "" for at in series.path])

    def text(self):
        return f"{MARKER}\n" + "\n\n".join(self.blocks)


class Script:
    def __init__(self, name, figure, data):
        self.name, self.data, self.layout = name, data, Layout(figure)
        self.styles = list(dict.fromkeys(
            [style for _, style in figure.key]
            + [style for style, _, _ in self.layout.leaders]
            + [series.style for panel, _ in self.layout.frames for series in panel.series]))
        self.height = self.layout.height

    def text(self):
        name, body = self.name, []
        for panel, frame in self.layout.frames:
            body += self.panel(panel, frame)
        lines = [
            MARKER,
            "# SPDX-License-Identifier: MIT",
            f"# Draws {name}.svg, .png and .pdf from {name}.dat: gnuplot {name}.gp",
            f"# Only some, on a dark background: gnuplot -e \"kinds='svg'; dark=1\" {name}.gp",
            "set encoding utf8",
            "if (!exists('kinds')) kinds = 'svg png pdf'",
            "if (!exists('dark')) dark = 0",
            *[f"{word} = dark ? '{dark}' : '{light}'" for word, (light, dark) in COLOURS.items()],
            *(["tail(p) = -log10(1 - p / 100)"] if self.has_tail() else []),
            "do for [kind in kinds] {",
            *[f"    {line}" for line in self.terminals()],
            f"    set output '{name}'.(dark ? '-dark.' : '.').kind",
            "    reset",
            "    set multiplot",
            *[f"    {line}" for line in [*self.surroundings(), *body]],
            "    unset multiplot",
            "    unset output",
            "}",
            "",
        ]
        return "\n".join(lines)

    def has_tail(self):
        return any(panel.x.scale == TAIL for panel, _ in self.layout.frames)

    def terminals(self):
        width = self.layout.width
        size = {"w": width, "h": self.height, "w2": 2 * width, "h2": 2 * self.height,
                "w_in": f"{width / 72:.4f}", "h_in": f"{self.height / 72:.4f}",
                "font": f"{FONT},{TEXT}"}
        return [f"if (kind eq '{kind}') {{ {TERMINALS[kind].format(**size)} }}"
                for kind in FORMATS]

    def surroundings(self):
        """All words, the key, and what the panels have in common."""
        lines = [
            *[f"set style line {i} linecolor rgb {colour(style)} pointtype {outer(style)} "
              f"dashtype {style.dash} linewidth 1.6 pointsize 1"
              for i, style in enumerate(self.styles, 1)],
            "set tics nomirror scale 0.6",
            "unset key",
        ]
        for words in self.layout.words:
            lines.append(f"set label {quoted(words.text)} at {self.at(words.x, words.y)} "
                         f"{words.side} font '{FONT},{words.size}' "
                         f"textcolor rgb {words.colour}")
        for style, x, y in self.layout.key:
            lines += [f"set arrow from {self.at(x, y)} to {self.at(x + 34, y)} nohead "
                      f"linestyle {self.style(style)}",
                      *[f"set label '' at {self.at(x + 17, y)} point {point}"
                        for point in points(style, f"linestyle {self.style(style)}", 1)]]
        for style, end, name in self.layout.leaders:
            look = f"linestyle {self.style(style)}"
            lines += [f"set arrow from {self.at(*end)} to {self.at(*name)} nohead {look} "
                      "linewidth 0.6",
                      *[f"set label '' at {self.at(*name)} point {point}"
                        for point in points(style, look, 1)]]
        return lines

    def at(self, x, y):
        return f"screen {x / self.layout.width:.5f}, screen {1 - y / self.height:.5f}"

    def style(self, style):
        return self.styles.index(style) + 1

    def panel(self, panel, frame):
        lines = [
            f"set lmargin at screen {frame.left / self.layout.width:.5f}",
            f"set rmargin at screen {frame.right / self.layout.width:.5f}",
            f"set tmargin at screen {1 - frame.top / self.height:.5f}",
            f"set bmargin at screen {1 - frame.bottom / self.height:.5f}",
            f"set border {0 if panel.bare else 3} linecolor rgb frame",
            "unset grid" if panel.bare else "set grid linecolor rgb grid linewidth 1 dashtype 1",
            *axis_lines("x", panel.x, x_labels(panel, frame)),
            *axis_lines("y", panel.y, y_labels(panel)),
        ]
        if panel.reference is not None:
            at = f"{panel.reference:g}"
            lines.append(f"set arrow from first {at}, graph 0 to first {at}, graph 1 nohead "
                         "linecolor rgb ink linewidth 1.2")
        for side, word in zip(("graph 0", "graph 1"), panel.ends):
            lines.append(f"set label {quoted(word)} at {side}, graph 1 offset 0, char 0.6 "
                         f"{'left' if side == 'graph 0' else 'right'} font '{FONT},{TEXT}' "
                         "textcolor rgb quiet")
        cell_width = (frame.right - frame.left) / abs(panel.x.high - panel.x.low)
        lines += [line for series in panel.series if series.kind in ("cells", "tiles")
                  for line in cell_labels(series, cell_width)]
        first, *others = self.elements(panel) or ["NaN notitle"]  # axes alone
        plot = ", \\\n        ".join([f"plot {first}", *others])
        return [*lines, plot, "unset label", "unset arrow"]

    def elements(self, panel):
        """What is plotted: lines below intervals below points, so that no point is crossed out."""
        layers = [self.layers(panel, series) for series in panel.series]
        return [element for layer in zip(*layers) for elements in layer for element in elements]

    def layers(self, panel, series):
        """(lines and areas, intervals, points) of a series, as elements of a plot command."""
        x = f"($1*{series.shift:.4f})" if series.shift != 1 else position("$1", panel.x)
        look = f"linestyle {self.style(series.style)}"
        below, between, above = [], [], []
        marks = f"'{self.name}.dat' index {self.data.add_series(series)}" if series.marks else None
        if series.kind in ("line", "steps"):
            path = marks if series.path is None else \
                f"'{self.name}.dat' index {self.data.add_path(series)}"
            below.append(f"{path} using {x}:2 with {LINES[series.kind]} {look} "
                         f"linewidth {1.6 * series.weight:.3g}")
        elif series.kind == "tiles":
            box = ":2:($1-0.48):($1+0.48):($2-$7+1):($2+$7-1)"
            below.append(f"{marks} using 1{box}:(dark ? $6 : $5) with boxxyerror "
                         "linecolor rgb variable fillstyle solid 1 noborder")
            if any(mark.ring for mark in series.marks):
                above.append(f"{marks} using ($8 == 1 ? $1 : NaN){box} with boxxyerror linecolor "
                             f"rgb {colour(series.style)} linewidth 2.4 fillstyle empty border")
        elif series.kind == "cells":
            below.append(f"{marks} using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror "
                         "linecolor rgb variable fillstyle solid 1 noborder")
        if any(mark.low is not None for mark in series.marks):
            between.append(interval(marks, x, panel.sideways, series.weight, look))
        if series.kind == "rings":
            above.append(f"{marks} using {x}:2 with points {look} linewidth 1 pointsize 1.8")
        elif series.marks and series.kind in ("line", "steps", "points"):
            above += [f"{marks} using {x}:2 with points {point}"
                      for point in points(series.style, look, series.weight)]
        return below, between, above


def position(column, axis):
    return f"(tail({column}))" if axis.scale == TAIL else column.replace("$", "")


def interval(block, x, sideways, weight, look):
    """A bare line: gnuplot's own error bars would wipe out what lies around their points."""
    ends = "3:2:($4-$3):(0)" if sideways else f"{x}:3:(0):($4-$3)"
    return (f"{block} using {ends} with vectors nohead {look} dashtype 1 "
            f"linewidth {1.5 * weight:.3g}")


def axis_lines(name, axis, ticks):
    """gnuplot takes `%` in a label for a format, so it is doubled."""
    labels = ", ".join(f"{quoted(label.replace('%', '%%'))} {number(axis.position(value))}"
                       for value, label in ticks)
    low, high = axis.position(axis.low), axis.position(axis.high)
    tics = f"set {name}tics ({labels}) offset {TIC_OFFSETS[name]} font '{FONT},{TEXT}' " \
           "textcolor rgb ink" if ticks else f"unset {name}tics"
    return [f"{'set' if axis.scale == LOG else 'unset'} logscale {name}",
            f"set {name}range [{low:.8g}:{high:.8g}]", tics]


def colour(style):
    return "ink" if style.colour == INK else f"c{style.colour}"


def outer(style):
    return style.point[0] if isinstance(style.point, tuple) else style.point


def points(style, look, weight):
    """The layers of one point: a hollow one hides what is behind it, a second point lies inside."""
    layers = [f"{look} linewidth 1.3 pointsize {weight:.3g}"]
    if outer(style) in HOLLOW:
        layers.insert(0, f"pointtype {outer(style) + 1} pointsize {weight:.3g} linecolor rgb paper")
    if isinstance(style.point, tuple):
        inner = style.point[1]
        size = weight * (INNER_SIZES.get(style.point, 1) if inner in THIN else 0.4)
        shown = colour(style) if outer(style) in HOLLOW else "paper"
        layers.append(f"pointtype {inner} pointsize {size:.3g} linecolor rgb {shown} linewidth 1.3")
    return layers


def heat(share):
    """(colour, colour of letters) for a share of 0 to 1, between the steps of HEAT."""
    at = min(max(share, 0), 1) * (len(HEAT) - 1)
    step = min(int(at), len(HEAT) - 2)
    (a, letters), (b, other) = HEAT[step], HEAT[step + 1]
    mixed = 0
    for bits in (16, 8, 0):
        low, high = a >> bits & 255, b >> bits & 255
        mixed |= round(low + (high - low) * (at - step)) << bits
    return mixed, letters if at - step < 0.5 else other


def tile_step(tile):
    count, _ = TILES[tile.scale]
    return min(int(count * min(max(tile.share, 0), 1)), count - 1)


def tile_colour(tile):
    return f"{tile.scale}{tile_step(tile)}"


def letters(cell):
    """The colour of the letters on a cell, as gnuplot has it."""
    if isinstance(cell, Tile):
        return "paper" if tile_step(cell) in TILES[cell.scale][1] else "ink"
    return f"'{heat(cell.share)[1]}'"


def cell_labels(series, width):
    """The value in each cell, as large as the narrowest cell allows."""
    cells = [cell for cell in series.marks if cell.note]
    size = min([TEXT, *(0.95 * width / text_width(cell.note, 1) for cell in cells)])
    return [f"set label {quoted(cell.note)} at first {number(cell.x)}, first {number(cell.y)} "
            f"center font '{FONT},{size:.3g}' textcolor rgb {letters(cell)} front"
            for cell in cells]
