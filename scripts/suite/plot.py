# SPDX-License-Identifier: MIT
"""Draws the charts of a results folder into it."""

from suite import charts, gnuplot

USUAL_FORMATS = ("svg", "png")


def draw_all(folder, plan, environment, summaries, names=None, formats=USUAL_FORMATS, dark=False):
    """Draws every chart of every load, or those of `names`; returns the paths of the pictures."""
    made = charts.figures(plan, environment, summaries, names)
    for name, _, figure in made:
        for path, content in gnuplot.files(name, figure).items():
            folder.write(f"charts/{path}", content)
    return gnuplot.draw(folder.charts, [name for name, _, _ in made], formats, dark)
