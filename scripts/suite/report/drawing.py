# SPDX-License-Identifier: MIT
"""Figures drawn for a page alone, which keeps no files of them."""

import tempfile
from pathlib import Path

from suite.draw import gnuplot
from suite.report import html
from suite.request.plan import unique_names


def drawn_once(pictures, question, figures):
    """{title: Chart} of {title: Figure}."""
    names = unique_names(figures)
    with tempfile.TemporaryDirectory() as folder:
        for title, figure in figures.items():
            for path, content in gnuplot.files(names[title], figure).items():
                Path(folder, path).write_text(content)
        gnuplot.draw(Path(folder), [names[title] for title in figures], ("svg",))
        return {title: html.chart(pictures, question, figure,
                                  Path(folder, f"{names[title]}.svg").read_text())
                for title, figure in figures.items()}
