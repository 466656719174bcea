# SPDX-License-Identifier: MIT
"""The report of one comparison: question, verdict, charts, table, machine, how to repeat it."""

import re
import shlex

from suite.analyse import answer, verdict
from suite.analyse.criteria import SECTION_FIGURES, rows_of, section_figures
from suite.analyse.flags import meaning
from suite.analyse.summary import in_a_word, interval_coverage
from suite.analyse.words import UNAFFECTED, load_words, machine_title
from suite.draw.charts import COMPARISON
from suite.report import html, pairs
from suite.report.html import Cell, Table
from suite.report.pictures import Pictures
from suite.report.table import open_loop, parts, share_words
from suite.request.command_line import to_go_on, to_plot
from suite.request.plan import load_titles, unique_names
from suite.units import duration, percent, rate

NAME = "report.html"
NO_BREAK = "\N{NO-BREAK SPACE}"
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
    jobs = [job["name"] for job in plan["jobs"]]
    titles = load_titles(sorted({point.load for point in summaries},
                                key=lambda load: (jobs.index(load.job), load)))
    found = verdict.verdicts(summaries, rules)
    pictures = Pictures()

    def charts(wanted):
        return [html.chart(pictures, chart.question, figure,
                           (folder.charts / f"{name}.svg").read_text())
                for name, chart, figure in drawn if wanted(chart, figure)]

    whole = charts(lambda chart, _: chart.of == COMPARISON)
    names = unique_names(titles.values())
    loads = [{"title": title, "name": names[title]} | about_load(
        plan, load, [s for s in summaries.values() if s.point.load == load],
        charts(lambda chart, figure, title=title: chart.of != COMPARISON and figure.title == title))
             for load, title in titles.items()]
    placements = charts(lambda chart, figure: chart.of != COMPARISON
                        and figure.title not in titles.values())
    return html.page(
        "page.html.j2", pictures, machine=machine_title(about), plan=plan,
        jobs=", ".join(dict.fromkeys(load.job for load in titles)),
        answers=answers(found, titles, verdict.nobody(summaries, rules)), whole=whole,
        decided=in_detail(found, titles, rules),
        trust=[*(verdict.caveat(found, rules) if found else []), *said],
        pairs=pairs.beside(summaries, titles, [mode["name"] for mode in plan["modes"]],
                           rules.coverage),
        loads=loads, placements=placements, flags=flags(summaries),
        reasons=list(dict.fromkeys(reason for s in summaries.values() for reason in s.reasons)),
        facts=hosts(about) if "hosts" in about else machine_facts(about),
        topology=None if "hosts" in about else "\n".join(about["topology"] or ["not known"]),
        repeat=repeat(folder, plan, about), narrow=narrow(plan),
        footer=html.footer(whole, *(load["charts"] for load in loads), placements))


def answers(found, titles, unkept):
    """A sentence for each load."""
    shown = answer.answers(found)
    lines = [f"{titles[load]}: {shown[load]}." for load in titles if load in shown] \
        + [f"{u}." for u in unkept]
    return lines or ["No two modes have runs enough to choose between them."]


def in_detail(found, titles, rules):
    """What is decided at each point: [(title of a load, [(first line, the others)])]."""
    return [(title, [(first, [line.strip() for line in more]) for first, *more in
                     (verdict.words(v, rules.coverage) for v in found if v.load == load)])
            for load, title in titles.items() if any(v.load == load for v in found)]


def about_load(plan, load, rows, charts):
    """All that is known of a load."""
    job = next(job for job in plan["jobs"] if job["name"] == load.job)
    return {"question": question(job["text"]), "words": load_words(job, load),
            "charts": charts, "warnings": html.warnings(charts),
            "tables": [points_table(plan, part) for part in parts(rows)],
            "sections": sections_table(rows), "hosts": hosts_table(rows)}


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
    return Table(heads, [point_row(s, plan["baseline"]) for s in rows])


def point_row(s, baseline):
    start = [Cell(s.point.mode), Cell(s.point.depth, s.point.depth)]
    if s.point.rate:
        start.append(Cell(rate(s.point.rate), s.point.rate))
    helped = [f"helped {share_words(s.helped)}"] if s.helped else []
    end = [Cell(", ".join([*s.flags, *helped]))]
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
        return None
    return Table(
        (("mode", ""), ("depth", ""), ("section", "of the job file"), ("", "direction"),
         *((name, "median of the repeats") for name in SECTION_FIGURES)),
        [[Cell(s.point.mode), Cell(s.point.depth, s.point.depth), Cell(row.section),
          Cell(f"{row.direction} {row.phase}".strip()),
          *(figure(value, rate if name == "IOPS" else duration) for name, value in found.items())]
         for s in rows for row, found in section_figures(s).items()])


def hosts_table(rows):
    """What each host did, where hosts did the I/O."""
    if not any(s.hosts for s in rows):
        return None
    return Table(
        (("mode", ""), ("depth", ""), ("host", ""), ("IOPS", "median of the repeats"),
         ("p50", "median of the repeats"), ("p99", "median of the repeats")),
        [[Cell(s.point.mode), Cell(s.point.depth, s.point.depth), Cell(name),
          figure(row["iops"], rate), figure(row["lat_p50_ns"], duration),
          figure(row["lat_p99_ns"], duration)] for s in rows for name, row in s.hosts.items()])


def between(interval, words):
    if interval.n == 1:
        return ""
    low, high = (words(end).replace(" ", NO_BREAK) for end in (interval.low, interval.high))
    return f"{low} to{NO_BREAK}{high}"


def figure(value, words):
    return Cell("") if value is None else Cell(words(value), value)


def flags(summaries):
    seen = dict.fromkeys(flag for s in summaries.values() for flag in s.flags)
    return [(flag, meaning(flag)) for flag in seen]


def machine_facts(about):
    versions = about["versions"]
    nodes = ", ".join(f"node {node['node']}: CPUs {node['cpus']}, distances {node['distances']}"
                      for node in about["numa_nodes"])
    return [
        ("kernel", about["kernel"]), ("CPU", f"{about['cpu_model']}, {about['cpus']} CPUs"),
        ("CPUs allowed", ", ".join(map(str, about["cpus_allowed"]))),
        ("governor", about["governor"] or "none to be seen"),
        ("memory", f"{about['memory_bytes'] / 2**30:.1f} GiB"), ("NUMA", nodes),
        *((f"files {name}", f"{under['file_system']} ({under['mount_options']}) on "
           f"{under['device']}, scheduler {under['scheduler'] or 'none to be seen'}")
          for name, under in about["places"].items()),
        ("fio", versions["fio"]), ("gnuplot", versions["gnuplot"]),
        ("liburing, hwloc", f"{versions['liburing']}, {versions['hwloc']}"),
        ("engine", (versions["engine"] or {}).get("version")),
        *([("io_uring in user space", versions["iowq_run"]["sha256"])]
          if versions.get("iowq_run") else []),
        ("commit", f"{about['git']['commit']}{' with changes' * about['git']['dirty']}"),
        ("mitigations", "; ".join(f"{name}: {state}" for name, state in
                                  about["mitigations"].items() if state != UNAFFECTED)
         or "none needed")]


def hosts(about):
    return [(host["name"], f"{host['hostname']}, {host['machine']}, {host['fio']}, engine "
                           f"{host['engine'] or 'not used'}") for host in about["hosts"]]


def repeat(folder, plan, about):
    """The commands that make the same comparison, its first run, and the commands to go on."""
    return {"commands": commands_again("compare", plan, about),
            "first": next(folder.kept(), None),
            "more": [to_go_on(folder.path, "--add-repeats", "5"), to_plot(folder.path)]}


def commands_again(made_by, plan, about):
    """The commands that make the same again; no commit is known of a suite that was installed."""
    command = [*without(plan["arguments"], "--results")]
    if "--seed" not in plan["arguments"]:
        command += ["--seed", str(plan["seed"])]
    if commit := about["git"]["commit"]:
        return [f"git checkout {commit}", "make all", shlex.join([f"scripts/{made_by}", *command])]
    return [shlex.join(["iowq", made_by, *command])]


def without(arguments, option):
    """A command line without an option and its value."""
    found = list(arguments)
    while option in found:
        at = found.index(option)
        del found[at:at + 2]
    return [word for word in found if not word.startswith(f"{option}=")]


def narrow(plan):
    """(the precision asked for, coverage of intervals), as words, where points were done early."""
    if not plan["precision"]:
        return None
    return percent(plan["precision"]), percent(interval_coverage(plan))
