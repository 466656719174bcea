# SPDX-License-Identifier: MIT
"""How long a run may take before it counts as hung.

Where the job says when a run ends, it is hung when it takes much longer. Of any other run it is
only known whether it still does something.
"""

from dataclasses import dataclass

SLACK_S = 30
# For so long a run that may go on for ever is left alone while it does nothing that can be seen.
QUIET_S = 600
# The limit of such a run where other machines do the work, of which nothing can be seen.
UNSEEN_S = 24 * 3600
# Options that make fio do something before or after the runtime, for as long as it takes.
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
    """A command is hung when it has taken longer than `after_s`, and has then done nothing for
    `quiet_s`."""

    after_s: float
    quiet_s: float = 0


@dataclass(frozen=True)
class Length:
    """`known_s` is the most that a run takes, without the parts of unknown length in `open`."""

    known_s: float
    open: str = ""  # why its end is not known, in words

    def limit(self, seen):
        """`seen`: whether the work is done on this machine."""
        after_s = SLACK_S + 2 * self.known_s
        if not self.open:
            return Limit(after_s)
        return Limit(after_s, QUIET_S) if seen else Limit(after_s + UNSEEN_S)


def length_of(job, runtime_s):
    """The Length of a run of a job, whose sections run at once; `runtime_s` replaces their own."""
    known_s, reasons = 0, {}
    for section in job.sections:
        length_s = runtime_s or section.value("runtime") / 1e6
        if not length_s:
            reasons["has no runtime, and so ends with its I/O"] = True
        reasons |= {why: True for option, why in UNBOUNDED.items()
                    if section.text(option) not in ("", "0")}
        waits_s = max((0, *section.values("startdelay"))) + section.value("ramp_time")
        # fio sleeps a thinktime to its end, even when the runtime is over.
        known_s = max(known_s, length_s + (waits_s + section.value("thinktime")) / 1e6)
    return Length(known_s, " and ".join(reasons))
