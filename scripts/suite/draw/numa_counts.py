# SPDX-License-Identifier: MIT
"""The counts that a guest with several NUMA nodes leaves (where work ran), and how they are shown.

In an emulated machine every time is wrong and every count is right, so there are no times here. A
file is one object:

    numa_counts  1, the version of this format
    emulated     true or false; accelerator, kernel, topology: texts
    nodes        [{os, cpus, memory_mb}]: number, list of CPUs ("" without any), memory
    distances    a list for each node, in the order of `nodes`
    rows         [{mode, placement, submitter, data, ios, ran_on, buffers_on}]

A row is a run: `submitter` is the number of a node, `data` that of the file's device or of the
buffers, or null. `ran_on` are I/Os and `buffers_on` pages, each as {"number of a node": count};
`ran_on` is {} where nothing counts them (the kernel's modes), and `buffers_on` may be missing.
"""

import json
from collections import Counter
from dataclasses import dataclass

from suite.draw import node_map
from suite.draw.figure import Cell, Figure
from suite.draw.node_map import NodeMap
from suite.errors import BadInput
from suite.request.plan import unique_names

KEY, VERSION = "numa_counts", 1
TABLE = "numa-counts.md"
KINDS = {int: "a whole number", int | None: "a whole number or null", str: "a text",
         bool: "true or false", list: "a list", dict: "an object"}
TABLE_MARKER = "<!-- Written by scripts/plot of iowq -->"


@dataclass(frozen=True)
class Row:
    mode: str
    placement: str
    submitter: int
    data: int | None
    ios: int
    ran_on: dict  # {node: I/Os}
    buffers_on: dict  # {node: pages}


@dataclass(frozen=True)
class Counts:
    """A file, checked."""

    path: object
    topology: str
    label: str  # what must be said wherever its figures are shown
    machine: str  # in words
    cpu_nodes: list
    nodes: list
    rows: list


# ---- reading


def counts_among(paths):
    """The files with counts among the paths, or in a single folder; raises BadInput where other
    files are named beside them."""
    folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else None
    if folder and any(folder.glob("plan.json*")):
        return []
    files = sorted(folder.glob("*.json")) if folder else paths
    found = [path for path in files if holds_counts(path)]
    if found and not folder and len(found) < len(files):
        other = next(path for path in files if path not in found)
        raise BadInput(f"{other}: has no '{KEY}', as {found[0]} has: draw them apart")
    return found


def holds_counts(path):
    try:
        return f'"{KEY}"' in path.read_text(errors="replace")
    except OSError:
        return False


def read(path):
    """The Counts of a file; raises BadInput with one line where it is not as described above."""
    try:
        document = json.loads(path.read_text(errors="replace"))
    except ValueError as error:
        raise BadInput(f"{path}: is no whole JSON document: {error}") from error
    if of(document, KEY, int, path) != VERSION:
        raise BadInput(f"{path}: {KEY} is {document[KEY]}: allowed is {VERSION}")
    listed = [(number(node, "os", f"{path}: nodes[{i}]"), text(node, "cpus", f"{path}: nodes[{i}]"),
               number(node, "memory_mb", f"{path}: nodes[{i}]"))
              for i, node in enumerate(of(document, "nodes", list, path))]
    nodes = [os_number for os_number, _, _ in listed]
    if not nodes or len(set(nodes)) < len(nodes):
        raise BadInput(f"{path}: nodes: allowed are different ones, at least one")
    rows = [read_row(row, nodes, f"{path}: rows[{i}]")
            for i, row in enumerate(of(document, "rows", list, path))]
    if not rows:
        raise BadInput(f"{path}: rows: there are none")
    emulated = of(document, "emulated", bool, path)
    return Counts(path, text(document, "topology", path),
                  "emulated: counts only" if emulated else "counts only",
                  guest_words(document, emulated, listed, path),
                  [os_number for os_number, cpus, _ in listed if cpus], nodes, rows)


def guest_words(document, emulated, listed, path):
    distances = of(document, "distances", list, path)
    if len(distances) != len(listed) or not all(
            isinstance(row, list) and len(row) == len(listed) and all(map(is_number, row))
            for row in distances):
        raise BadInput(f"{path}: distances: allowed is one list for each node, with one number for "
                       "each node")
    by_node = "; ".join(f"node {os_number}: {f'CPUs {cpus}' if cpus else 'no CPUs'}, {memory} MB"
                        for os_number, cpus, memory in listed)
    accelerator = text(document, "accelerator", path)
    return (f"Linux {text(document, 'kernel', path)}"
            + (f", emulated by {accelerator}" if emulated else f" on {accelerator}")
            + f". {by_node[0].upper()}{by_node[1:]}. Distances: "
            + ", ".join(" ".join(map(str, row)) for row in distances) + ".")


def read_row(row, nodes, where):
    data = of(row, "data", int | None, where)
    found = Row(text(row, "mode", where), text(row, "placement", where),
                number(row, "submitter", where), data, number(row, "ios", where),
                by_node(row, "ran_on", nodes, where),
                by_node(row, "buffers_on", nodes, where) if "buffers_on" in row else {})
    for name, node in (("submitter", found.submitter), ("data", data)):
        if node is not None and node not in nodes:
            raise BadInput(f"{where}: {name} {node} is none of the nodes listed")
    return found


def by_node(row, key, nodes, where):
    counts = of(row, key, dict, where)
    for node, count in counts.items():
        if node not in map(str, nodes):
            raise BadInput(f"{where}: {key}: node {node} is none of the nodes listed")
        if not is_number(count):
            raise BadInput(f"{where}: {key}: {json.dumps(count)} is no count")
    return {int(node): count for node, count in counts.items()}


def of(document, key, kind, where):
    """The value of a key; raises BadInput where it is missing, or of another kind."""
    if not isinstance(document, dict) or key not in document:
        raise BadInput(f"{where}: has no '{key}'")
    value = document[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadInput(f"{where}: {key}: {json.dumps(value)[:60]} is not "
                       f"{KINDS[kind]}")
    return value


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def number(document, key, where):
    value = of(document, key, int, where)
    if value < 0:
        raise BadInput(f"{where}: {key}: {value} is no count")
    return value


def text(document, key, where):
    value = of(document, key, str, where)
    if not value.isprintable():
        raise BadInput(f"{where}: {key}: has characters that cannot be printed")
    return value


# ---- showing


def figures(found):
    """[(file name, None, Figure)], one for each topology and mode; raises BadInput."""
    drawn = {}
    for counts in found:
        for mode in dict.fromkeys(row.mode for row in counts.rows if row.ran_on):
            name = f"numa-counts-{counts.topology}-{mode}"
            if name in drawn:
                raise BadInput(f"{counts.path}: topology {counts.topology} with mode {mode} is in "
                               "two files: draw them apart")
            drawn[name] = figure(counts, mode)
    files = unique_names(drawn)
    return [(files[name], None, one) for name, one in drawn.items()]


def figure(counts, mode):
    rows = [row for row in counts.rows if row.mode == mode and row.ran_on]
    ran = {node for row in rows for node in row.ran_on}
    columns = [node for node in counts.nodes if node in counts.cpu_nodes or node in ran]
    order = {node: at for at, node in enumerate(counts.nodes)}
    sources = sorted({(row.submitter, row.data) for row in rows},
                     key=lambda pair: (order[pair[0]], order.get(pair[1], -1)))
    maps = [NodeMap(placement or "default", f"{mode}, placement={placement}",
                    cells([row for row in rows if row.placement == placement], sources, columns))
            for placement in dict.fromkeys(row.placement for row in rows)]
    return Figure(
        f"{mode}, topology {counts.topology} ({counts.label})",
        "I/Os by the node that ran them, a panel a placement",
        node_map.bands("", source_names(sources), columns, maps, "ran on node"),
        footer=["Rows: where the submitter runs"
                + (", and where its data is" if tells_data(sources) else "")
                + ". The darker, the greater the share of a row's I/Os.", counts.machine])


def tells_data(sources):
    return len({data for _, data in sources}) > 1


def source_names(sources):
    return [f"node {submitter}" + (f", data on {data}" if tells_data(sources) and data is not None
                                   else "") for submitter, data in sources]


def cells(rows, sources, columns):
    """The Cells of rows; runs with the same submitter and data are added up."""
    sums = {}
    for row in rows:
        sums.setdefault((row.submitter, row.data), Counter()).update(row.ran_on)
    return [Cell(at, sources.index(source), note=str(ran[node]),
                 share=ran[node] / (ran.total() or 1))
            for source, ran in sums.items() for at, node in enumerate(columns)]


def table(found):
    """Work per node and placement, as Markdown."""
    lines = [TABLE_MARKER, "", "# Work per node per placement", ""]
    for counts in found:
        head = ["mode", "placement", "submitter on", "data on", "I/Os",
                *(f"ran on {node}" for node in counts.nodes), "buffers' pages"]
        lines += [f"## Topology {counts.topology} ({counts.label})", "", counts.machine, "",
                  line(head), line(["---"] * 4 + ["---:"] * (len(head) - 5) + ["---"]),
                  *(line(words(row, counts.nodes)) for row in counts.rows), ""]
    return "\n".join(lines)


def line(texts):
    return f"| {' | '.join(one.replace('|', '/') for one in texts)} |"


def words(row, nodes):
    pages = ", ".join(f"{count} on {node}" for node, count in sorted(row.buffers_on.items()))
    return [row.mode, row.placement or "default", str(row.submitter),
            "-" if row.data is None else str(row.data), str(row.ios),
            *(str(row.ran_on.get(node, 0)) if row.ran_on else "-" for node in nodes), pages or "-"]
