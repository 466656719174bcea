# SPDX-License-Identifier: MIT
"""The options that the commands that run fio have in common, and their allowed values."""

import argparse
import os
import random
import re
import shlex
import shutil
import textwrap
from pathlib import Path

from suite import places
from suite.errors import BadInput, meant
from suite.request.length import QUIET_S

UNITS_S = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_S = 999999
USUAL_DEPTH = 32
# The lines of `--help` that commands have in common.
RUNS = """\
  --runtime TIME      of one run: 500ms, 2m
  --scratch DIR       where the files that fio reads and writes lie
  --results DIR       a new folder, for what was measured
  --dry-run           print every run and the time they take
"""
SCREEN = 78  # columns of a help


class HelpAll(argparse.Action):
    def __call__(self, parser, *_):
        print(argparse.ArgumentParser.format_help(parser), end="")
        parser.exit()


def in_usage(action):
    """A positional argument, as a usage line has it."""
    return {None: "{}", "?": "[{}]", "*": "[{} ...]", "+": "{} ..."}[action.nargs].format(
        action.metavar)


class OneLine(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    all_options = "--help"

    def error(self, message):
        raise BadInput(f"{message} (see {self.prog} {self.all_options})")

    def parse_args(self, args=None, namespace=None):
        options, others = self.parse_known_args(args, namespace)
        unknown = [word.partition("=")[0] for word in others if word.startswith("--")]
        if unknown:
            names = [name for action in self._actions for name in action.option_strings]
            self.error(f"no option {unknown[0]}{meant(unknown[0], names)}")
        if others:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        return options


class Command(OneLine):
    """A command of `iowq`. Its `--help` fits a screen: it has `usual`, lines about the arguments
    that most need; `--help-all` has them all."""

    all_options = "--help-all"

    def __init__(self, command, description, usual, **more):
        super().__init__(prog=places.called(command), description=" ".join(description.split()),
                         allow_abbrev=False, **more)
        self.command, self.usual = command, usual
        self.add_argument("--help-all", action=HelpAll, nargs=0, help="every option, and exit")

    def format_help(self):
        arguments = " ".join(in_usage(action) for action in self._actions
                             if not action.option_strings)
        manual = f", or man iowq-{self.command}" if places.INSTALLED else ""
        return (f"usage: {self.prog} [OPTION ...] {arguments}\n\n"
                f"{textwrap.fill(self.description, SCREEN)}\n\n{self.usual}\n"
                f"Every option: {self.prog} --help-all{manual}\n")


def parser(command, description, usual, repeats, results, *, rounds="--repeats",
           runtime="what the job file says"):
    """A parser with the options that say how runs are made, and with what."""
    p = Command(command, description, usual)
    p.add_argument(rounds, dest="repeats", metavar="N",
                   help=f"shuffled rounds, each with every point once (default: {repeats})")
    p.add_argument("--runtime", metavar="TIME",
                   help=f"of one run: seconds, or as 500ms, 2m, 1h (default: {runtime})")
    p.add_argument("--limit", metavar="TIME",
                   help="after which a run is killed and recorded as hung (default: twice what "
                        "it takes and 30 s; without a known end, when it has done nothing for "
                        f"{QUIET_S} s)")
    p.add_argument("--seed", metavar="N", help="of the order and of fio's random sequences")
    p.add_argument("--scratch", metavar="DIR",
                   help="where the files that fio reads and writes lie (default: "
                        f"{places.shown(places.SCRATCH)})")
    p.add_argument("--results", type=Path, metavar="DIR",
                   help=f"default: {places.shown(places.RESULTS / results)}")
    p.add_argument("--fio", metavar="PATH",
                   help="default: $FIO_DIR/fio if FIO_DIR is set, else fio")
    p.add_argument("--engine", metavar="PATH",
                   help=f"default: {places.shown(places.ENGINE)}")
    p.add_argument("--dry-run", action="store_true", help="print every run and the time they take")
    return p


def to_go_on(folder, *more, command="compare"):
    """The command line that goes on with a comparison, in whatever folder it is given."""
    return shlex.join([*places.words_of(command), "--resume", str(folder.resolve()), *more])


def to_plot(folder):
    """The command line that draws all its charts again."""
    return shlex.join([*places.words_of("plot"), str(folder.resolve())])


def seconds(option, text):
    """A time in seconds; None without one. The units are those of fio's times."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,9}|\d{0,9}\.\d{1,9})(ms|s|m|h|d|)", text)
    found = float(match[1]) * UNITS_S[match[2]] if match else 0
    if not 0.001 <= found <= MOST_S:
        raise BadInput(f"{option} {text}: allowed is a number of seconds, or one with a unit of "
                       f"ms, s, m, h or d, from 1ms to {MOST_S}s")
    return found


def share(option, text, least, most):
    """A share in percent. A number alone is refused: it could be meant to be either."""
    match = re.fullmatch(r"(\d{1,2}(?:\.\d{1,3})?) ?%", text)
    if not match or not least <= float(match[1]) <= most:
        raise BadInput(f"{option} {text}: allowed is a share from {least:g}% to {most:g}%, such as "
                       "2%")
    return float(match[1])


def whole(option, text, low, high):
    if not re.fullmatch(r"\d{1,12}", text) or not low <= int(text) <= high:
        raise BadInput(f"{option} {text}: allowed is a whole number from {low} to {high}")
    return int(text)


def names_of(option, text):
    """The names of fio's options in a list with commas."""
    names = text.split(",") if text is not None else []
    if not all(re.fullmatch(r"[a-z]\w*", name, re.ASCII) for name in names):
        raise BadInput(f"{option} {text}: allowed are names of fio's options, separated by commas")
    return names


def depth_of(job, asked):
    """The depth that was asked for, else the job file's, else 32."""
    if asked:
        return whole("--depth", asked, 1, 65536)
    told = {section.value("iodepth") for section in job.sections}
    return (told.pop() if len(told) == 1 else 0) or USUAL_DEPTH


def repeats_of(options):
    return whole("--repeats", options.repeats, 1, 1000)


def seed_of(options):
    text = options.seed or str(random.SystemRandom().randrange(1, 2**31))
    return whole("--seed", text, 0, 2**31)


def steady_of(options):
    """--steady as fio takes it, such as 2%; None without it."""
    text = getattr(options, "steady", None)
    return None if text is None else f"{share('--steady', text, 0.001, 99):g}%"


def precision_of(options):
    """--precision as a part of 1; None without it."""
    text = options.precision
    return None if text is None else share("--precision", text, 0.1, 99) / 100


def as_good_of(options):
    """--as-good as a part of 1; None without it."""
    text = options.as_good
    return None if text is None else share("--as-good", text, 10, 99) / 100


def fio_of(options):
    """The fio that the options or the environment name, or the installed one."""
    return fio_at(options.fio or (os.path.join(os.environ["FIO_DIR"], "fio")
                                  if os.environ.get("FIO_DIR") else "fio"))


def fio_at(wanted):
    found = shutil.which(wanted)
    if not found:
        raise BadInput(f"{wanted}: no such fio: {places.TO_SET_UP}, or give --fio PATH")
    return os.path.abspath(found)
