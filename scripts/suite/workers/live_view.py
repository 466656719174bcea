# SPDX-License-Identifier: MIT
"""What two looks at a process's pools and rings say: as a document, and as lines on a terminal."""

from collections import Counter
from dataclasses import dataclass

from suite.units import rate
from suite.workers.live import LEVEL, POOL, RING, TOTAL


def in_words(names):
    return {name.replace(" ", "_"): value for name, value in names.items()}


def figures_of(new, old, since_s, node=None):
    """{"now": levels, "a_second": rates, "in_all": totals}, of one node or all. The rates are None
    where there was no look before; `since_s`: when there was one, which did not see it."""
    seconds = new.at_s - (old.at_s if old else since_s) if since_s else 0
    nodes = list(new.values) if node is None else [node]
    names = {name for at in nodes for name in new.values[at]}

    def total(look, kind):
        return {name: sum(look.values.get(at, {}).get(name, 0) for at in nodes)
                for name in sorted(names) if new.kinds[name] == kind} if look else {}

    counted, before = total(new, TOTAL), total(old, TOTAL)
    rates = {name: round(max(value - before.get(name, 0), 0) / seconds, 1) if seconds else None
             for name, value in counted.items()}
    return {"now": in_words(total(new, LEVEL)), "a_second": in_words(rates),
            "in_all": in_words(counted)}


def process_document(new, old):
    # What was not there at the last look has counted from 0 since.
    before = {one.key: one for one in old.shown} if old else {}
    since_s = old.at_s if old else None
    seconds = new.at_s - old.at_s if old else 0
    pools = new.of_kind(POOL)
    place = {pool.self: at for at, pool in enumerate(pools)}
    return {
        "pid": new.pid, "command": new.command, "threads": new.threads,
        "cpus": round((new.cpu_s - old.cpu_s) / seconds, 2) if seconds else None,
        "may_be_read": not new.refused, "left_out": new.left_out,
        "pools": [{"max_running": pool.sum("max running"),
                   **figures_of(pool, before.get(pool.key), since_s),
                   "nodes": {str(node): figures_of(pool, before.get(pool.key), since_s, node)
                             for node in sorted(pool.values) if node >= 0}} for pool in pools],
        "rings": [{"mode": ring.what.removeprefix(RING), "pool": place.get(ring.of),
                   **figures_of(ring, before.get(ring.key), since_s)}
                  for ring in new.of_kind(RING)]}


def added_up(parts):
    """The sum of dictionaries; None where one of the numbers is."""
    sums = {}
    for part in parts:
        for name, value in part.items():
            had = sums.get(name, 0)
            sums[name] = None if None in (had, value) else round(had + value, 1)
    return sums


def document(new, old):
    """What --json prints, and the view shows. `old` is the look before, [] if there was none."""
    earlier = {process.pid: process for process in old}
    processes = [process_document(process, earlier.get(process.pid)) for process in new]
    parts = [part for process in processes for part in process["pools"] + process["rings"]]
    whole = added_up([{"cpus": p["cpus"]} for p in processes if p["cpus"] is not None])
    return {"schema": 1, "pid": new[0].pid, "command": new[0].command,
            "interval_s": round(new[0].at_s - old[0].at_s, 3) if old else None,
            "cpus": whole.get("cpus"),
            **{group: added_up(part[group] for part in parts)
               for group in ("now", "a_second", "in_all")},
            "processes": processes}


# ---- the view


@dataclass(frozen=True)
class Column:
    title: str
    group: str
    name: str
    first: int  # the lower, the longer it stays where the terminal is narrow

    @property
    def width(self):
        return max(len(self.title), 6) + 1


COLUMNS = [
    Column("running", "now", "running", 0), Column("blocked", "now", "blocked", 1),
    Column("queued", "now", "queued", 2), Column("workers", "now", "workers", 3),
    Column("flight", "now", "in_flight", 9),
    Column("items", "a_second", "enqueued", 7), Column("I/Os", "a_second", "issued", 8),
    Column("inline", "a_second", "inline", 10), Column("handed", "a_second", "handed_over", 4),
    Column("helped", "a_second", "helped", 5), Column("merged", "a_second", "merged", 6),
    Column("pooled", "a_second", "pooled", 11), Column("aio", "a_second", "aio", 12),
    Column("woken", "a_second", "woken", 13), Column("created", "a_second", "created", 14),
]
GROUPS = {"now": "now", "a_second": "a second"}
LABEL = 14
MOST = 1 << 16  # columns of what is no terminal


def columns_within(width):
    left, chosen = width - LABEL, []
    for column in sorted(COLUMNS, key=lambda c: c.first):
        left -= column.width
        if left < 0:
            break
        chosen.append(column)
    return [column for column in COLUMNS if column in chosen]


def titles(columns):
    """Two lines: what the columns of a group have in common, and the columns' own."""
    above = ""
    for group, title in GROUPS.items():
        width = sum(column.width for column in columns if column.group == group)
        above += f" {title} ".center(width - 1, "-").rjust(width) if width else ""
    return [" " * LABEL + above, " " * LABEL + "".join(c.title.rjust(c.width) for c in columns)]


def row(label, part, columns):
    def cell(column):
        if column.name not in part[column.group]:
            return ""
        value = part[column.group][column.name]
        return "-" if value is None else \
            rate(value) if column.group == "a_second" else str(value)

    return label[:LABEL].ljust(LABEL) + "".join(cell(c).rjust(c.width) for c in columns)


def rows_of(process, columns, known):
    """`known`: the command that the head has."""
    command = process["command"]
    lines = [f"{process['pid']} {command if command != known else '(the same command)'}"]
    for pool in process["pools"]:
        lines.append(row("  pool", pool, columns))
        if len(pool["nodes"]) > 1:
            lines += [row(f"    node {node}", part, columns)
                      for node, part in pool["nodes"].items()]
    lines += [row(f"  ring {ring['mode']}", ring, columns) for ring in process["rings"]]
    if process["left_out"]:
        lines.append(f"  and {process['left_out']} more pools and rings that are not shown")
    return lines


def several(number, word):
    return f"{number} {word}{'' if number == 1 else 's'}"


def head(found):
    pools = [pool for process in found["processes"] for pool in process["pools"]]
    rings = Counter(ring["mode"] for process in found["processes"] for ring in process["rings"])
    told = [several(len(pools), "pool"), several(rings.total(), "ring") +
            (f" ({', '.join(sorted(rings))})" if rings else ""),
            several(found["now"].get("workers", 0), "worker")]
    if pools:
        told.append("max_running " +
                    " or ".join(map(str, sorted({pool["max_running"] for pool in pools}))))
    if found["cpus"] is not None:
        told.append(f"{found['cpus']:.2f} CPUs")
    told.append(several(sum(process["threads"] for process in found["processes"]), "thread"))
    refused = sum(not process["may_be_read"] for process in found["processes"])
    if refused:
        told.append(f"{several(refused, 'descendant')} not to be read")
    return [f"iowq top: {found['pid']} {found['command']}", ", ".join(told)]


def render(found, width=MOST, height=None):
    """The lines of a view that fits."""
    columns = columns_within(width)
    shown = [process for process in found["processes"]
             if process["pools"] or process["rings"] or process["left_out"]]
    lines = [*head(found), ""]
    if shown:
        lines += [*titles(columns), row("all", found, columns)]
    else:
        lines.append("no pool and no ring at this moment")
    for process in shown:
        lines += rows_of(process, columns, found["command"])
    if height and len(lines) > height:
        left_out = len(lines) - height + 1
        lines[height - 1:] = [f"and {several(left_out, 'line')} more, which --once prints"]
    return [line[:width].rstrip() for line in lines]
