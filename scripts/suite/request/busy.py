# SPDX-License-Identifier: MIT
"""--busy: what limits the CPUs of a run. On every server other programs want them, and in most
containers a quota ends them."""

from dataclasses import dataclass

from suite.errors import BadInput

IDLE = "none"


@dataclass(frozen=True)
class Kind:
    words: str
    kept: object = None  # of so many CPUs, how many other programs keep busy
    quota: float | None = None  # the share of the CPUs' time that a run may use
    single: bool = False  # a run may use one of the CPUs

    def loops(self, cpus):
        """Which of the CPUs are kept busy: the last ones."""
        ordered = sorted(cpus)
        return ordered[len(ordered) - self.kept(len(ordered)):] if self.kept else []

    def only(self, cpus):
        """The CPUs that a run may use; None: all."""
        return {min(cpus)} if self.single else None

    def share_of(self, cpus):
        """How many of the CPUs a run may use on average; None: all."""
        return self.quota and self.quota * len(cpus)


KINDS = {"one": Kind("one CPU busy", kept=lambda cpus: 1),
         "half": Kind("half of the CPUs busy", kept=lambda cpus: cpus // 2),
         "single": Kind("on a single CPU", single=True),
         "quota": Kind("under a quota of half of the CPUs' time", quota=0.5)}
NO_LIMIT = Kind("")


def busy_of(text, cpus):
    """The Load's `busy`: empty for none. `cpus`: those that the comparison may use."""
    if text == IDLE:
        return ""
    if text not in KINDS:
        raise BadInput(f"--busy {text}: allowed are {IDLE}, {', '.join(KINDS)}")
    if KINDS[text].kept and len(cpus) < 2:
        raise BadInput(f"--busy {text}: keeps a CPU busy beside another one, and only CPU "
                       f"{min(cpus)} may be used here")
    return text


def kind_of(busy):
    """The Kind of a Load's `busy`."""
    return KINDS[busy] if busy else NO_LIMIT
