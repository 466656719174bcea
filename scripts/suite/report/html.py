# SPDX-License-Identifier: MIT
"""Pieces of HTML. All text from outside must go through text()."""

import html
import json
import re
from pathlib import Path

from suite.draw.figure import WIDTH
from suite.draw.gnuplot import COLOURS

HERE = Path(__file__).parent


def text(words):
    """Anything as escaped text."""
    return html.escape(str(words), quote=True)


def element(name, content, **attributes):
    """`content` is HTML already; a trailing `_` of an attribute's name is left out."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
                    for key, value in attributes.items())
    return f"<{name}{words}>{content}</{name}>"


def paragraph(words, **attributes):
    return element("p", text(words), **attributes)


def listed(lines):
    return element("ul", "".join(element("li", text(line)) for line in lines))


class Cell:
    """A field of a table: what is shown, and the number that it is sorted by, else its words."""

    def __init__(self, shown, value=None, **attributes):
        self.shown, self.value, self.attributes = shown, value, attributes

    def html(self):
        value = {} if self.value is None else {"data_value": f"{self.value:.9g}"}
        return element("td", text(self.shown), **value, **self.attributes)


def table(heads, rows, **attributes):
    """A table whose columns sort; `heads` are (title, what it means)."""
    head = "".join(element("th", element("button", text(title), type="button", title=meaning),
                           scope="col") for title, meaning in heads)
    body = "\n".join(element("tr", "".join(cell.html() for cell in row)) for row in rows)
    return element("div", element("table", element("thead", element("tr", head))
                                  + element("tbody", body), class_="sortable", **attributes),
                   class_="wide")


def facts(rows):
    """A table of names and values."""
    return element("div", element("table", "".join(
        element("tr", element("th", text(name), scope="row") + element("td", text(value)))
        for name, value in rows), class_="facts"), class_="wide")


def chart(name, question, figure, svg):
    """A picture with its question; `figure` knows where its marks lie."""
    height = figure.height
    points = [[round(t.x / WIDTH, 4), round(t.y / height, 4), t.text] for t in figure.targets()]
    return element(
        "figure",
        element("figcaption", text(question))
        + element("div", inlined(svg, name) + data(points), class_="chart", tabindex="0",
                  role="img", aria_label=f"{figure.title}: {question}"))


def data(document):
    """JSON for the script, with `<` escaped, as it could end the script element."""
    return element("script", json.dumps(document, ensure_ascii=False).replace("<", "\\u003c"),
                   type="application/json")


def inlined(svg, name):
    """A picture of gnuplot's as a part of the page: its colours follow the page's theme, and its
    ids are unlike those of other pictures."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<title>.*?</title>|<desc>.*?</desc>", "", svg, flags=re.S)
    svg = re.sub(r"""\bid=(["'])""", rf"id=\g<1>{name}-", svg)
    svg = re.sub(r"""((?:xlink:href|clip-path)=["'](?:url\()?#)""", rf"\g<1>{name}-", svg)
    return re.sub(r"<[a-z][^<>]*>", themed, svg)


LIGHT = {tuple(int(light[i:i + 2], 16) for i in (1, 3, 5)): key
         for key, (light, _) in COLOURS.items()}
COLOUR = re.compile(r"""\s(stroke|fill|color)\s*=\s*["'](#[0-9a-fA-F]{6}|rgb\([\d, ]+\))["']""")


def themed(tag):
    """An element's tag, in which colours of the light theme are replaced by their names."""
    styles = []

    def named(match):
        word = match[2]
        parts = [int(word[i:i + 2], 16) for i in (1, 3, 5)] if word.startswith("#") else \
            [int(part) for part in re.findall(r"\d+", word)]
        if tuple(parts) not in LIGHT:
            return match[0]
        styles.append(f"{match[1]}:var(--{LIGHT[tuple(parts)]})")
        return ""

    bare = COLOUR.sub(named, tag[0])
    if not styles:
        return bare
    end = "/>" if bare.endswith("/>") else ">"
    return f"{bare[:-len(end)]} style='{';'.join(styles)}'{end}"


def page(title, body):
    """The whole document."""
    themes = "".join(
        f"{opening}{''.join(f'--{key}:{pair[theme]};' for key, pair in COLOURS.items())}{closing}"
        for theme, opening, closing in (
            (0, ":root{", "}"),
            (1, "@media screen and (prefers-color-scheme:dark){:root{", "}}")))
    style, script = ((HERE / name).read_text() for name in ("page.css", "page.js"))
    return ("<!doctype html>\n" + element(
        "html",
        element("head", '<meta charset="utf-8">'
                '<meta name="viewport" content="width=device-width, initial-scale=1">'
                + element("title", text(title)) + element("style", themes + style))
        + element("body", f"<main>{body}</main>" + '<div id="told" role="status"></div>'
                  + element("script", script)), lang="en") + "\n")
