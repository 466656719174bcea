# SPDX-License-Identifier: MIT
"""The machines that do the I/O of a comparison: this one (here.py), or several hosts (hosts.py).

This is the one interface to both; nothing else asks which of them it is. `asked` is what the user
asked for; `bench` has the tools and folders, and these machines as `machines`.
"""

from abc import ABC, abstractmethod


class Machines(ABC):
    start_s: float  # seconds that a run takes beyond its own time
    seen: bool  # whether this machine can see what a run does, and with which engine

    @abstractmethod
    def engine_at(self, options, modes):
        """The engine's path on the machines; raises BadInput where the modes need one and have
        none."""

    @abstractmethod
    def iowq_run_for(self, modes):
        """iowq-run's path on the machines, None if no mode needs it; raises BadInput where it is
        not to be had."""

    @abstractmethod
    def check(self, asked, bench):
        """Raises BadInput for what must not, or cannot, be done on the machines; changes nothing.
        """

    @abstractmethod
    def prepare(self, asked, bench, again):
        """Makes the folders for the files, after everything that can be checked before that.
        `again`: they are those of a comparison that is resumed."""

    @abstractmethod
    def check_options(self, asked, bench):
        """Lets fio read the job of every mode, so that a bad option is found before any run."""

    @abstractmethod
    def lay_out(self, asked, bench):
        """Lays the files out, once for all loads that share them; returns fio's time in seconds."""

    @abstractmethod
    def command(self, bench, job, mode, path):
        """fio's command line for a run whose job file lies at that path."""

    @abstractmethod
    def execute(self, bench, run, job, mode):
        """Makes one run and judges it; returns a Ran, or None after a stop."""

    @abstractmethod
    def about(self, bench):
        """The machines' part of env.json."""

    @abstractmethod
    def as_json(self):
        """What plan.json keeps of the machines; None for this machine."""
