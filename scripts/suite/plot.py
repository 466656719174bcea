# SPDX-License-Identifier: MIT
"""Charts: for each a data file and one gnuplot script that makes the SVG and the PNG from it.

The script names its files without a folder and so runs alone: `gnuplot x.gp` beside its data.
"""

import math
import subprocess
import textwrap

from suite.errors import FolderFailed
from suite.modes import styles
from suite.plan import unique_names
from suite.table import describe
from suite.units import duration, percent, rate

COLUMNS = "depth iops_low iops_median iops_high lat_p50_ns lat_p99_ns"
WIDTH = 760
HEAD, PANEL, KEY_ROW, FOOTER_ROW, GAP = 66, 330, 22, 17, 14
FONT, KEY_FONT, SMALL = "sans,14", "sans,12", "sans,11"
FOOTER_LETTERS = 96


def draw_all(folder, plan, environment, summaries):
    """Draws every chart of every job; returns the paths of the pictures."""
    drawn = []
    names = unique_names([job["name"] for job in plan["jobs"]])
    for job in plan["jobs"]:
        rows = [s for s in summaries.values() if s.point.load.job == job["name"] and s.iops]
        if not rows:
            continue
        chart = Chart(plan, environment, job, rows,
                      [s for s in summaries.values() if s.point.load.job == job["name"] and s.flags])
        name = names[job["name"]]
        drawn += render(folder, f"{name}-latency", chart, latency_panels)
        drawn += render(folder, f"{name}-throughput", chart, throughput_panel)
    return drawn


class Chart:
    """What the charts of one job share: the modes drawn, in the plan's order, and the words."""

    def __init__(self, plan, environment, job, rows, flagged):
        self.plan, self.environment, self.job, self.flagged = plan, environment, job, flagged
        asked = [mode["name"] for mode in plan["modes"]]
        self.rows = {name: sorted((s for s in rows if s.point.mode == name),
                                  key=lambda s: s.point.depth) for name in asked}
        self.missing = [name for name in asked if not self.rows[name]]
        self.modes = [name for name in asked if self.rows[name]]
        every = styles(asked)
        self.styles = {name: every[name] for name in self.modes}

    def title(self, mode):
        """A mode that was flagged carries the mark wherever it is drawn."""
        return mode + (" !" if any(s.point.mode == mode for s in self.flagged) else "")

    def data(self):
        """One index a mode, as gnuplot's `index` counts them: two empty lines between."""
        blocks = []
        for mode in self.modes:
            lines = [f"# {mode}", f"# {COLUMNS}"]
            for s in self.rows[mode]:
                rates = f"{s.iops.low:.6g} {s.iops.median:.6g} {s.iops.high:.6g}"
                lines.append(f"{s.point.depth} {rates} {s.latency_ns(50) or 'NaN'}"
                             f" {s.latency_ns(99) or 'NaN'}")
            blocks.append("\n".join(lines) + "\n")
        return "\n\n".join(blocks)

    def footer(self, has_bars):
        """How to read it, n, method, versions; then whatever the reader must not overlook."""
        intervals = [s.iops for rows in self.rows.values() for s in rows]
        n = {i.n for i in intervals}
        shown = f"n = {min(n)}" if len(n) == 1 else f"n = {min(n)} to {max(n)}"
        cover = percent(min(i.coverage for i in intervals))
        length = self.plan["lengths_s"][self.job["name"]]
        runs = f"runs of {length:g} s" if length else "runs"
        versions = self.environment["versions"]
        kernel = self.environment["kernel"].split()[1]
        commit = (self.environment["git"]["commit"] or "no commit")[:10]
        bars = f"; bars: its {cover} interval" if has_bars and max(n) > 1 else ""
        lines = [
            "Filled points: this project's pool. Hollow: the kernel, same engine. "
            "Thin: fio's engines.",
            f"Median of {shown} {runs} in shuffled blocks, seed {self.plan['seed']}{bars}.",
            f"{versions['fio']}, {versions['gnuplot'].partition(' patch')[0]}, Linux {kernel}, "
            f"{commit}{' with changes' if self.environment['git']['dirty'] else ''}, "
            f"{self.environment['cpus']} CPUs, {self.environment['scratch']['file_system']}.",
        ]
        marked = {}
        for s in self.flagged:
            for flag in s.flags:
                marked.setdefault(flag, set()).add(s.point.mode)
        asked = [mode["name"] for mode in self.plan["modes"]]
        if not has_bars:
            lines.insert(1, "Latency: total, percentiles of the json+ bins of all runs merged.")
        lines += [f"! {flag}: {', '.join(sorted(modes, key=asked.index))}"
                  for flag, modes in sorted(marked.items())]
        lines += [f"No result: {', '.join(self.missing)}"] if self.missing else []
        return [part for line in lines for part in textwrap.wrap(line, FOOTER_LETTERS)]


def render(folder, name, chart, panels):
    folder.write(f"charts/{name}.dat", chart.data())
    folder.write(f"charts/{name}.gp", script(name, chart, panels))
    done = subprocess.run(["gnuplot", f"{name}.gp"], cwd=folder.charts, capture_output=True,
                          text=True, timeout=120, check=False)
    pictures = [folder.charts / f"{name}.{kind}" for kind in ("svg", "png")]
    if done.returncode != 0 or not all(p.exists() and p.stat().st_size for p in pictures):
        reason = done.stderr.strip().splitlines() or ["no picture was written"]
        raise FolderFailed(f"gnuplot could not draw {folder.charts}/{name}.gp: "
                           f"{reason[-1].strip()}")
    return pictures


def quoted(text):
    """A gnuplot string: between single quotes nothing is expanded, run or escaped."""
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return "'" + printable.replace("'", "''") + "'"


def script(name, chart, panels):
    """The whole script: the same panels once on each terminal."""
    key_rows = -(-len(chart.modes) // key_columns(chart))
    body, count = panels(name, chart)
    footer = chart.footer(has_bars=panels is throughput_panel)
    below = key_rows * KEY_ROW + len(footer) * FOOTER_ROW + 3 * GAP
    height = HEAD + count * PANEL + below
    lines = [
        "# SPDX-License-Identifier: MIT",
        f"# Draws {name}.svg and {name}.png from {name}.dat: gnuplot {name}.gp",
        "set encoding utf8",
        "do for [kind in 'svg png'] {",
        "    if (kind eq 'svg') {",
        f"        set terminal svg noenhanced size {WIDTH},{height} font '{FONT}' "
        "background '#ffffff'",
        "    } else {",
        f"        set terminal pngcairo noenhanced size {2 * WIDTH},{2 * height} font '{FONT}' "
        "fontscale 2 linewidth 2 pointscale 2 background '#ffffff'",
        "    }",
        f"    set output '{name}.'.kind",
        "    reset",
        "    set colorsequence podo",
        "    set errorbars small linewidth 1 dashtype 1",
        *[f"    {line}" for line in line_styles(chart)],
        "    set multiplot",
        "    set grid linecolor rgb '#e4e4e4' linewidth 1 dashtype 1",
        "    set border 3 linecolor rgb '#606060'",
        "    set tics nomirror",
        "    unset key",
        *[f"    {line}" for line in layout(count, height)],
        *[f"    {line}" for line in words(chart, footer, height)],
        *[f"    {line}" for line in key(chart, height, below - GAP, key_rows)],
        *[f"    {line}" for line in body],
        "    unset multiplot",
        "    unset output",
        "}",
        "",
    ]
    return "\n".join(lines)


def line_styles(chart):
    return [f"set style line {i} linetype {style.colour} pointtype {style.point} "
            f"dashtype {style.dash} linewidth 1.6 pointsize 1.0"
            for i, style in enumerate(chart.styles.values(), 1)]


def layout(count, height):
    """Margins of each panel as variables, in shares of the picture, from the top down."""
    lines = []
    for panel in range(count):
        top = height - HEAD - panel * PANEL
        lines += [f"top{panel} = {(top - 2 * GAP) / height:.4f}",
                  f"bottom{panel} = {(top - PANEL + 58) / height:.4f}"]
    return lines


def words(chart, footer, height):
    lines = [
        f"set label 1 {quoted(chart.job['name'])} at screen 0.02, screen {1 - 20 / height:.4f} "
        "left font 'sans,18'",
        f"set label 2 {quoted(describe(chart.job))} at screen 0.02, "
        f"screen {1 - 44 / height:.4f} left font '{SMALL}' textcolor rgb '#505050'",
    ]
    for number, text in enumerate(reversed(footer)):
        lines.append(f"set label {10 + number} {quoted(text)} at screen 0.02, "
                     f"screen {(12 + number * FOOTER_ROW) / height:.4f} left font '{SMALL}' "
                     "textcolor rgb '#505050'")
    return lines


def key_columns(chart):
    """Three columns where the longest name leaves room for them."""
    return 3 if max(len(chart.title(mode)) for mode in chart.modes) <= 20 else 2


def key(chart, height, top, rows):
    """The key under the panels, placed entry by entry: gnuplot's own drops what does not fit."""
    lines, width = [], 0.96 / key_columns(chart)
    for i, mode in enumerate(chart.modes):
        x, y = 0.02 + i // rows * width, (top - (i % rows + 0.5) * KEY_ROW) / height
        lines += [
            f"set arrow from screen {x:.4f}, screen {y:.4f} "
            f"to screen {x + 0.06:.4f}, screen {y:.4f} nohead linestyle {i + 1}",
            f"set label {100 + 2 * i} '' at screen {x + 0.03:.4f}, screen {y:.4f} "
            f"point linestyle {i + 1}",
            f"set label {101 + 2 * i} {quoted(chart.title(mode))} at screen {x + 0.07:.4f}, "
            f"screen {y:.4f} left font '{KEY_FONT}'",
        ]
    return lines


def panel_frame(panel, title):
    """Margins, and what the y axis shows written above it, where it can be read upright."""
    return ["set lmargin at screen 0.11; set rmargin at screen 0.97",
            f"set tmargin at screen top{panel}; set bmargin at screen bottom{panel}",
            f"set label 3 {quoted(title)} at graph 0, graph 1 left offset char -6, 0.8"]


def iops_axis(axis, chart):
    """From 0, or logarithmic where small values would otherwise be pressed to the axis."""
    intervals = [s.iops for rows in chart.rows.values() for s in rows]
    low, high = min(i.low for i in intervals), max(i.high for i in intervals)
    if low > 0 and high > 20 * low:
        return log_axis(axis, low, high, rate)
    return [f"unset logscale {axis}", f"set {axis}range [0:{1.08 * high:.4g}]",
            f"set format {axis} '%.0s %c'"]


def log_axis(axis, low, high, words_for):
    """A logarithmic axis that ends near the data, labelled at 1, 2 and 5 unless it is long."""
    low, high = 0.8 * low, 1.25 * high
    steps = (1, 2, 5) if high < 1500 * low else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    ticks = [tick for tick in ticks if low <= tick <= high]
    if len(ticks) < 2:
        ticks = [low, high]
    labels = ", ".join(f"{quoted(words_for(tick))} {tick:.4g}" for tick in ticks)
    return [f"set logscale {axis}", f"set {axis}range [{low:.4g}:{high:.4g}]",
            f"set {axis}tics ({labels})"]


def latency_panels(name, chart):
    """Latency against throughput, along the depths of each mode: the hockey stick."""
    depths = ", ".join(str(d) for d in chart.plan["depths"])
    lines = [*iops_axis("x", chart)]
    for panel, (percent_of, column) in enumerate(((50, 5), (99, 6))):
        values = [s.latency_ns(percent_of) for rows in chart.rows.values() for s in rows]
        values = [value for value in values if value]
        lines += panel_frame(panel, f"p{percent_of} latency")
        lines += log_axis("y", min(values), max(values), duration) if values else []
        about = f"IOPS (points along a line: depth {depths})" if panel else ""
        lines.append(f"set xlabel {quoted(about)}")
        curves = ", ".join(f"'{name}.dat' index {i} using 3:{column} with linespoints "
                           f"linestyle {i + 1} notitle" for i in range(len(chart.modes)))
        lines += [f"plot {curves}", "unset label", "unset arrow"]
    return lines, 2


def throughput_panel(name, chart):
    """Throughput against depth, with the interval of each median.

    The modes stand side by side at each depth, or the bars of twelve would be one.
    """
    depths = chart.plan["depths"]
    ticks = ", ".join(str(d) for d in depths)
    lines = [*panel_frame(0, "IOPS"), "set logscale x 2", f"set xtics ({ticks})",
             f"set xrange [{min(depths) / 1.3:.4g}:{max(depths) * 1.3:.4g}]",
             *iops_axis("y", chart), "set xlabel 'depth (modes side by side)'"]
    middle = (len(chart.modes) - 1) / 2
    curves = ", ".join(
        f"'{name}.dat' index {i} using ($1*{1.02 ** (i - middle):.4f}):3:2:4 with yerrorlines "
        f"linestyle {i + 1} notitle" for i in range(len(chart.modes)))
    lines += [f"plot {curves}"]
    return lines, 1
