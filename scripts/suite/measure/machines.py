# SPDX-License-Identifier: MIT
"""What does the I/O of a comparison: this machine (here.py), or several hosts (hosts.py).

The one interface to both; nothing else asks which of them it is. `asked` is what the user asked
for, `bench` the tools and folders, whose `machines` these are.
"""

from abc import ABC, abstractmethod


class Machines(ABC):
    start_s: float  # what a run takes beyond its own time
    seen: bool  # whether it can be seen here what a run does, and with which engine

    @abstractmethod
    def engine_at(self, options, modes):
        """The engine's path there; raises BadInput where these modes could not have it."""

    @abstractmethod
    def check(self, asked, bench):
        """Raises BadInput for what must not, or cannot, be done there; changes nothing."""

    @abstractmethod
    def prepare(self, asked, bench, again):
        """Makes the folders for the files, when everything that can be checked before has been.
        `again`: they are those of a comparison that goes on."""

    @abstractmethod
    def check_options(self, asked, bench):
        """Lets fio read the job of every mode, so that a bad option is told before any run."""

    @abstractmethod
    def lay_out(self, asked, bench):
        """Lays the files out, once for all loads that share them; returns the time fio took."""

    @abstractmethod
    def command(self, bench, job, path):
        """fio's command line for a run whose job file lies at that path."""

    @abstractmethod
    def execute(self, bench, run, job, mode):
        """Makes one run and judges it; returns a Ran, or None after a stop."""

    @abstractmethod
    def about(self, bench):
        """What env.json says of the machines."""

    @abstractmethod
    def as_json(self):
        """What plan.json keeps of them; None for this machine."""
