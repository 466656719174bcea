# SPDX-License-Identifier: MIT
"""Pages from templates: what templates are given, and what all pages have in common.

The template of a page extends base.html.j2; tables, facts and charts are macros of pieces.html.j2.
Templates escape all text, so what they are given is plain.
"""

import re
import tempfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from suite.draw import gnuplot
from suite.report.svg import units
from suite.request.plan import unique_names

HERE = Path(__file__).parent
TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)
TEMPLATES.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}


def breakable(words):
    """A mode with options, and what is an I/O's, may go on in a new line."""
    return Markup("<wbr>").join(re.split(r"(?=\+|/IO)", str(words)))


TEMPLATES.filters["breakable"] = breakable


@dataclass
class Cell:
    """A field of a table: what is shown, and the number that it is sorted by, else its words."""

    shown: object
    value: float | None = None


@dataclass
class Table:
    """A table whose columns sort; `heads` are (title, what it means)."""

    heads: list
    rows: list  # of lists of Cells


@dataclass
class Chart:
    """A picture with its question, and what stands below it."""

    question: str
    title: str
    picture: Markup
    spots: list
    notes: list  # how it is read
    about: list  # how its figures came about
    warnings: list


def chart(pictures, question, figure, svg):
    """The Chart of a figure and the SVG that gnuplot made of it."""
    return Chart(question, figure.title, pictures.add(svg, figure.body_height), spots(figure),
                 figure.footer, figure.about, figure.warnings)


def drawn_once(pictures, question, figures):
    """{title: Chart} of {title: Figure}, for a page that keeps no files of them."""
    names = unique_names(figures)
    with tempfile.TemporaryDirectory() as folder:
        for title, figure in figures.items():
            for path, content in gnuplot.files(names[title], figure).items():
                Path(folder, path).write_text(content)
        gnuplot.draw(Path(folder), [names[title] for title in figures], ("svg",))
        return {title: chart(pictures, question, figure,
                             Path(folder, f"{names[title]}.svg").read_text())
                for title, figure in figures.items()}


def spots(figure):
    """Where marks lie and what they say, for the script: [first line of the texts, x, y, the other
    lines, x, y, …] for marks that follow each other and begin with the same line."""
    told = [(target.text.partition("\n"), units(target.x), units(target.y))
            for target in figure.targets()]
    return [[first, *(word for (_, _, more), x, y in marks for word in (x, y, more))]
            for first, marks in groupby(told, lambda mark: mark[0][0])]


def footer(*groups):
    """How the figures of a page's charts came about, each line once."""
    return list(dict.fromkeys(line for charts in groups for one in charts for line in one.about))


def warnings(charts):
    return list(dict.fromkeys(line for one in charts for line in one.warnings))


def page(template, pictures, **shown):
    """The whole document. `pictures`: those of its charts."""
    style, script = (Markup((HERE / name).read_text()) for name in ("page.css", "page.js"))
    return TEMPLATES.get_template(template).render(
        pictures=pictures, colours=gnuplot.COLOURS, style=style, script=script, **shown)
