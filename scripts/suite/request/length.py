# SPDX-License-Identifier: MIT
"""How long a run may take, and what is done when it does not end.

A run of which fio says when it ends is hung well after that. Of any other nothing is known but
whether it still does something.
"""

from dataclasses import dataclass

SLACK_S = 30
# For which a run that may go on for ever is left alone while nothing is seen of it.
QUIET_S = 600
# Where the work is done by other machines nothing can be seen of it.
UNSEEN_S = 24 * 3600
# What fio does before and after the runtime, or has done, for as long as that takes.
UNBOUNDED = {
    "ramp_size": "ramps up for so many bytes",
    "exec_prerun": "runs a program before it",
    "exec_postrun": "runs a program after it",
    "end_fsync": "flushes at its end",
    "end_syncfs": "flushes at its end",
    "fsync_on_close": "flushes at its end",
}


@dataclass(frozen=True)
class Limit:
    """A command is hung when it takes longer than `after_s`, and has then done nothing for
    `quiet_s`."""

    after_s: float
    quiet_s: float = 0


@dataclass(frozen=True)
class Length:
    """`known_s` is the most that a run takes, beyond what is `open`."""

    known_s: float
    open: str = ""  # why its end is not known, in words

    def limit(self, seen):
        """`seen`: whether the work is done on this machine."""
        after_s = SLACK_S + 2 * self.known_s
        if not self.open:
            return Limit(after_s)
        return Limit(after_s, QUIET_S) if seen else Limit(after_s + UNSEEN_S)


def length_of(job, runtime_s):
    """Of a run of a job, whose sections run at the same time; `runtime_s` replaces its own."""
    known_s, reasons = 0, {}
    for section in job.sections:
        length_s = runtime_s or section.value("runtime") / 1e6
        if not length_s:
            reasons["has no runtime, and so ends with its I/O"] = True
        reasons |= {why: True for option, why in UNBOUNDED.items()
                    if section.text(option) not in ("", "0")}
        waits_s = max((0, *section.values("startdelay"))) + section.value("ramp_time")
        # It is slept to its end, whether or not the time is over.
        known_s = max(known_s, length_s + (waits_s + section.value("thinktime")) / 1e6)
    return Length(known_s, " and ".join(reasons))
