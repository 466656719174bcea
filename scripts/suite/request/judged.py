# SPDX-License-Identifier: MIT
"""--judge: by which figures modes are judged, and which limits they have to keep.

A member of the list is [SECTION:][DIRECTION:]FIGURE, such as `iops`, `read:p99`, `log:sync:p99`;
with `<` or `>` and a value it is a limit, such as `log:sync:p99<2ms`.
"""

import re
from dataclasses import dataclass

from suite.errors import BadInput
from suite.fio.output import DIRECTIONS, SYNC

MORE_IS_BETTER = {"iops", "bw"}
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)")
FIGURES = "iops, bw, mean, cpu, and percentiles of latency as p50, p99, p99.9"
TIMES = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}
AMOUNTS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9}


@dataclass(frozen=True)
class Limit:
    """`value`: ns, or a rate."""

    sign: str  # < or >
    value: float
    text: str

    def kept(self, low, high):
        """Does an interval keep it? None: it lies across."""
        if low <= self.value <= high:
            return None
        return (high < self.value) == (self.sign == "<")


@dataclass(frozen=True)
class Criterion:
    """One member of the list. Without a section and a direction it is of the whole run."""

    figure: str
    section: str = ""
    direction: str = ""
    limit: Limit | None = None

    @property
    def of_whole(self):
        return not self.section and not self.direction

    def matches(self, row):
        return self.section in ("", row.section) and self.direction in ("", row.direction)


def parse_judge(text):
    """[Criterion] of the option's text; none where it is None."""
    return [] if text is None else [parse_criterion(member.strip()) for member in text.split(",")]


def parse_criterion(text):
    match = re.fullmatch(r"(?:(.*):)?([^:<>]+?)\s*(?:([<>])\s*(\S+))?", text)
    figure = match[2].strip().lower() if match else ""
    if figure not in ("iops", "bw", "mean", "cpu") and not PERCENTILE.fullmatch(figure):
        raise BadInput(f"--judge {text}: allowed is [SECTION:][DIRECTION:]FIGURE, and a limit as "
                       f"<1ms or >10k behind it; figures are {FIGURES}")
    section, direction = of_which((match[1] or "").strip())
    if figure == "cpu" and (section or direction):
        raise BadInput(f"--judge {text}: CPU time is known of the whole run only: allowed is cpu")
    limit = Limit(match[3], limit_value(text, figure, match[4]), match[4]) if match[3] else None
    return Criterion(figure, section, direction, limit)


def of_which(text):
    """(section, direction): the last word is a direction if it is the name of one."""
    section, _, last = text.rpartition(":")
    return (section, last) if last in (*DIRECTIONS, SYNC) else (text, "")


def limit_value(member, figure, text):
    units = AMOUNTS if figure in MORE_IS_BETTER else TIMES
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)([a-zµ]*)", text.lower())
    if not match or match[2] not in units:
        example = "a rate, such as 10k" if units is AMOUNTS else "a time with its unit, as in 1.5ms"
        raise BadInput(f"--judge {member}: the limit {text}: allowed is {example}")
    return float(match[1]) * units[match[2]]


def check_judge(text, jobs):
    """Raises BadInput for what no job has, so that a run of hours is not judged by a typing error.
    """
    sections = list(dict.fromkeys(section.name for job in jobs for section in job.sections))
    for member, criterion in zip((text or "").split(","), parse_judge(text)):
        if criterion.section and criterion.section not in sections:
            raise BadInput(f"--judge {member.strip()}: there is no section '{criterion.section}': "
                           f"allowed are {', '.join(sections)}")
