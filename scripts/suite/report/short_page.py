# SPDX-License-Identifier: MIT
"""A short report: answers, pictures, a table, how to repeat it."""

from suite.analyse.flags import meaning
from suite.analyse.words import load_words, machine_title
from suite.report import html
from suite.report.page import NAME, commands_again, machine_facts
from suite.report.pictures import Pictures


def write(folder, title, plan, about, *, answers, drawn, table, flags, said):
    """Writes the page into the folder, which has the SVGs of `drawn`, [(file name, question,
    Figure)]; `said` are lines on how far all that may be trusted."""
    pictures, job = Pictures(), plan["jobs"][0]
    charts = [html.chart(pictures, question, figure, (folder.charts / f"{name}.svg").read_text())
              for name, question, figure in drawn]
    folder.write(NAME, html.page(
        "short.html.j2", pictures, title=title, load=f"{job['name']}: {load_words(job)}",
        machine=machine_title(about), answers=answers, charts=charts,
        warnings=html.warnings(charts), table=table, said=said,
        flags=[(flag, meaning(flag)) for flag in flags], facts=machine_facts(about),
        commands=commands_again(folder.made_by, plan, about), job=job, footer=html.footer(charts)))
    return folder.path / NAME
