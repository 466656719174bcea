# SPDX-License-Identifier: MIT
"""The report of one comparison: question, verdict, charts, table, machine, how to repeat it."""

import re
import shlex

from suite.analyse import verdict
from suite.analyse.criteria import SECTION_FIGURES, rows_of, section_figures
from suite.analyse.flags import meaning
from suite.analyse.summary import in_a_word, interval_coverage
from suite.analyse.words import UNAFFECTED, load_words, machine_title
from suite.draw.charts import COMPARISON
from suite.report import html, pairs
from suite.report.html import Cell, element, paragraph
from suite.report.table import open_loop, parts
from suite.request.command_line import to_go_on, to_plot
from suite.request.plan import load_titles, unique_names
from suite.units import duration, percent, rate

NAME = "report.html"
COLUMNS = (
    ("mode", "as given to --modes"), ("depth", "I/Os in flight at most"),
    ("IOPS", "median of the repeats"), ("its interval", "of the median, by order statistics"),
    ("ratio", "of IOPS to the baseline, paired within rounds"),
    ("its interval", "of the ratio"), ("verdict", "where the interval leaves 1 out"),
    ("p50", "total latency"), ("p99", "total latency, of all repeats' bins merged"),
    ("p99.9", "total latency"), ("CPU/IO", "user and system time of the whole process"),
    ("switches/IO", "of context"), ("threads", "at most"),
    ("cache hits", "share of the bytes read that no device was read for"),
    ("device busy", "share of the time"), ("CPU pressure", "share of the time that some waited"),
    ("flags", "explained below"))


def write(folder, plan, about, summaries, drawn, said):
    """Writes the report into the folder, which has the SVGs of `drawn`, made by charts.figures();
    `said`: lines about the rounds."""
    folder.write(NAME, document(folder, plan, about, summaries, drawn, said))
    return folder.path / NAME


def document(folder, plan, about, summaries, drawn, said):
    rules = verdict.Rules.of_plan(plan)
    titles = load_titles(point.load for point in summaries)
    names = unique_names(titles.values())
    found = verdict.verdicts(summaries, rules)
    unkept = verdict.nobody(summaries, rules)
    whole = [row for row in drawn if row[1].of == COMPARISON]
    drawn = [row for row in drawn if row[1].of != COMPARISON]
    sections = [header(plan, about, titles), answers(found, titles, unkept),
                element("div", charts_of(folder, whole), class_="charts whole"),
                in_detail(found, titles, rules, said),
                pairs.section(summaries, titles, [mode["name"] for mode in plan["modes"]],
                              rules.coverage)]
    for load, title in titles.items():
        rows = [s for s in summaries.values() if s.point.load == load]
        pictures = [row for row in drawn if row[2].title == title]
        sections.append(load_section(folder, plan, load, title, names[title], rows, pictures,
                                     alone=len(titles) == 1))
    placed = [row for row in drawn if row[2].title not in titles.values()]
    if placed:
        sections.append(element("h2", "Placements")
                        + element("div", charts_of(folder, placed), class_="charts"))
    sections += [flags(summaries), machine(about), repeat(folder, plan, about), method(plan)]
    return html.page(f"Which mode? {', '.join(dict.fromkeys(p.load.job for p in summaries))}",
                     "".join(sections))


def header(plan, about, titles):
    return (element("h1", "Which offload mode should this load use, on this machine?")
            + paragraph(machine_title(about), class_="quiet")
            + paragraph(f"{len(titles)} {'loads' if len(titles) > 1 else 'load'}, "
                        f"{len(plan['modes'])} modes, up to {plan['repeats']} shuffled rounds, "
                        f"baseline {plan['baseline']}.", class_="quiet"))


def answers(found, titles, unkept):
    """A sentence for each load."""
    lines = [f"{titles[load]}: {verdict.among_the_best(*shown, verdict.noun(found, load))}."
             for load, shown in verdict.always_good(found).items()] + [f"{u}." for u in unkept]
    return element("h2", "Verdict", id="verdict") + "".join(
        paragraph(line, class_="answer") for line in
        lines or ["No two modes have runs enough to choose between them."])


def in_detail(found, titles, rules, said):
    """What is decided at each point, and how far that may be trusted."""
    points = "".join(
        element("h3", html.text(title)) * (len(titles) > 1)
        + element("ul", "".join(spoken(v, rules) for v in found if v.load == load))
        for load, title in titles.items() if any(v.load == load for v in found))
    details = element("details", element("summary", "At each point, in figures") + points)
    quiet = [*(verdict.caveat(found, rules) if found else []), *said]
    return details * bool(found) + "".join(paragraph(line, class_="quiet") for line in quiet)


def spoken(v, rules):
    """A point's verdict: its first line, with the others as a list below."""
    first, *more = verdict.words(v, rules.coverage)
    return element("li", html.text(first) + html.listed(line.strip() for line in more))


def load_section(folder, plan, load, title, name, rows, pictures, alone):
    """All that is known of a load; folded, if it is one of several."""
    job = next(job for job in plan["jobs"] if job["name"] == load.job)
    body = (paragraph(question(job["text"]), class_="question")
            + paragraph(load_words(job, load), class_="quiet")
            + element("div", charts_of(folder, pictures), class_="charts")
            + "".join(points_table(plan, part) for part in parts(rows))
            + sections_table(rows) + hosts_table(rows))
    heading = element("h2", html.text(title))
    return element("section", heading + body if alone else
                   element("details", element("summary", heading) + body), id=name)


def charts_of(folder, pictures):
    return "".join(html.chart(name, chart.question, figure,
                              (folder.charts / f"{name}.svg").read_text())
                   for name, chart, figure in pictures)


def question(text):
    """The job file's question: its comment from `Question:` to the question mark."""
    comment = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    match = re.search(r"Question: (.*?\?)", comment)
    return match[1][0].upper() + match[1][1:] if match else ""


def points_table(plan, rows):
    order = [mode["name"] for mode in plan["modes"]]
    rows = sorted(rows, key=lambda s: (s.point.depth, s.point.rate, order.index(s.point.mode)))
    heads = list(COLUMNS)
    if open_loop(rows):
        heads.insert(2, ("offered", "I/Os a second"))
        heads = [("ratio of p99", "to the baseline, paired within rounds") if head[0] == "ratio"
                 else head for head in heads]
    return html.table(heads, [point_row(s, plan["baseline"]) for s in rows])


def point_row(s, baseline):
    start = [Cell(s.point.mode), Cell(s.point.depth, s.point.depth)]
    if s.point.rate:
        start.append(Cell(rate(s.point.rate), s.point.rate))
    end = [Cell(", ".join(s.flags))]
    if not s.iops:
        return start + [Cell("no result")] + [Cell("")] * (len(COLUMNS) - 4) + end
    ratio = s.judged
    return start + [
        Cell(rate(s.iops.median), s.iops.median), Cell(between(s.iops, rate)),
        *([Cell(f"{ratio.median:.3f}", ratio.median), Cell(between(ratio, "{:.3f}".format)),
           Cell(in_a_word(s.point.judged_by, ratio))] if ratio else
          [Cell(""), Cell(""), Cell("baseline" if s.point.mode == baseline else "no baseline")]),
        *(Cell(duration(s.latency_ns(p)), s.latency_ns(p)) for p in (50, 99, 99.9)),
        Cell(duration(s.cpu_ns.median), s.cpu_ns.median) if s.cpu_ns else Cell(""),
        figure(s.switches, "{:.3g}".format), figure(s.threads_peak, str),
        figure(s.cache_hit, percent), figure(s.device.get("busy"), percent),
        figure(s.pressure.get("cpu"), percent)] + end


def sections_table(rows):
    """What each section and direction did, where there are several."""
    if len(rows_of(rows)) < 2:
        return ""
    return element("h3", "By section and direction") + html.table(
        (("mode", ""), ("depth", ""), ("section", "of the job file"), ("", "direction"),
         *((name, "median of the repeats") for name in SECTION_FIGURES)),
        [[Cell(s.point.mode), Cell(s.point.depth, s.point.depth), Cell(row.section),
          Cell(f"{row.direction} {row.phase}".strip()),
          *(figure(value, rate if name == "IOPS" else duration) for name, value in found.items())]
         for s in rows for row, found in section_figures(s).items()])


def hosts_table(rows):
    """What each host did, where hosts did the I/O."""
    if not any(s.hosts for s in rows):
        return ""
    return element("h3", "By host") + html.table(
        (("mode", ""), ("depth", ""), ("host", ""), ("IOPS", "median of the repeats"),
         ("p50", "median of the repeats"), ("p99", "median of the repeats")),
        [[Cell(s.point.mode), Cell(s.point.depth, s.point.depth), Cell(name),
          figure(row["iops"], rate), figure(row["lat_p50_ns"], duration),
          figure(row["lat_p99_ns"], duration)] for s in rows for name, row in s.hosts.items()])


def between(interval, words):
    if interval.n == 1:
        return ""
    return f"{words(interval.low)} to {words(interval.high)}"


def figure(value, words):
    return Cell("") if value is None else Cell(words(value), value)


def flags(summaries):
    seen = dict.fromkeys(flag for s in summaries.values() for flag in s.flags)
    reasons = dict.fromkeys(reason for s in summaries.values() for reason in s.reasons)
    if not seen:
        return ""
    return (element("h2", "Flags: look before believing", id="flags")
            + html.facts([(flag, meaning(flag)) for flag in seen])
            + (paragraph("Runs without a result said:") + html.listed(reasons) if reasons else ""))


def machine(about):
    if "hosts" in about:
        return hosts(about)
    versions = about["versions"]
    nodes = ", ".join(f"node {node['node']}: CPUs {node['cpus']}, distances {node['distances']}"
                      for node in about["numa_nodes"])
    rows = [("kernel", about["kernel"]), ("CPU", f"{about['cpu_model']}, {about['cpus']} CPUs"),
            ("CPUs allowed", ", ".join(map(str, about["cpus_allowed"]))),
            ("governor", about["governor"] or "none to be seen"),
            ("memory", f"{about['memory_bytes'] / 2**30:.1f} GiB"), ("NUMA", nodes),
            *((f"files {name}", f"{under['file_system']} ({under['mount_options']}) on "
               f"{under['device']}, scheduler {under['scheduler'] or 'none to be seen'}")
              for name, under in about["places"].items()),
            ("fio", versions["fio"]), ("gnuplot", versions["gnuplot"]),
            ("liburing, hwloc", f"{versions['liburing']}, {versions['hwloc']}"),
            ("engine", (versions["engine"] or {}).get("version")),
            ("commit", f"{about['git']['commit']}"
                       + (" with changes" if about["git"]["dirty"] else "")),
            ("mitigations", "; ".join(f"{name}: {state}" for name, state in
                                      about["mitigations"].items() if state != UNAFFECTED)
             or "none needed")]
    topology = element("details", element("summary", "Topology (lstopo)")
                       + element("pre", html.text("\n".join(about["topology"] or ["not known"]))))
    return element("h2", "The machine", id="machine") + html.facts(rows) + topology


def hosts(about):
    rows = [(host["name"], f"{host['hostname']}, {host['machine']}, {host['fio']}, engine "
                           f"{host['engine'] or 'not used'}") for host in about["hosts"]]
    return element("h2", "The machines", id="machine") + html.facts(rows)


def repeat(folder, plan, about):
    command = ["scripts/compare", *without(plan["arguments"], "--results")]
    if "--seed" not in plan["arguments"]:
        command += ["--seed", str(plan["seed"])]
    jobs = "".join(element("details", element("summary", html.text(f"{job['name']}.fio"))
                           + element("pre", html.text(job["text"]))) for job in plan["jobs"])
    first = next(folder.kept(), None)
    one = (paragraph("The first run was this job file, run with")
           + element("pre", html.text(" ".join(first.record["command"])))
           + element("details", element("summary", "its job file")
                     + element("pre", html.text(first.job_file)))) if first else ""
    return (element("h2", "How to repeat it", id="repeat")
            + element("pre", html.text(f"git checkout {about['git']['commit']}\nmake all\n"
                                       + shlex.join(command)))
            + one + paragraph("More repeats, and all charts again:")
            + element("pre", html.text(to_go_on(folder.path, "--add-repeats", "5") + "\n"
                                       + to_plot(folder.path))) + jobs)


def without(arguments, option):
    """A command line without an option and its value."""
    found = list(arguments)
    while option in found:
        at = found.index(option)
        del found[at:at + 2]
    return [word for word in found if not word.startswith(f"{option}=")]


def method(plan):
    coverage = interval_coverage(plan)
    early = (" A point was done when its interval was narrow enough "
             f"({percent(plan['precision'])}); intervals are wider for that, of at least "
             f"{percent(coverage)}." if plan["precision"] else "")
    return element("h2", "Method", id="method") + paragraph(
        "Every point runs once in each round, in an order shuffled from the seed, as a fresh fio; "
        "fio's random seed is the same for all runs of a round. Before each run the page cache is "
        "set and checked. A ratio is that of two runs of one round. Shown are medians with an "
        "interval by order statistics and its real coverage; faster and slower are said only where "
        f"it leaves 1 out.{early} Latency is total latency from json+ bins, merged over the "
        "repeats. CPU time is that of the whole process with its workers and kernel threads, "
        "without fio's start, which was measured alone.")
