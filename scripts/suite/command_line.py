# SPDX-License-Identifier: MIT
"""What the commands that run fio have in common: options, and the tools and places these name."""

import argparse
import os
import random
import re
import shutil
from pathlib import Path

from suite.environment import REPOSITORY
from suite.errors import BadInput
from suite.length import QUIET_S
from suite.places import lock, places_of
from suite.plan import unique_names
from suite.process import kill_left_over
from suite.run import Bench

ENGINE = REPOSITORY / "build/engine/iowq.so"


class OneLine(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(f"{message} (see {self.prog} --help)")


def parser(prog, description, repeats, results):
    """A parser with the options that say how runs are made, and with what."""
    p = OneLine(prog=prog, description=description, allow_abbrev=False)
    p.add_argument("--repeats", metavar="N",
                   help=f"shuffled blocks, each with every point once (default: {repeats})")
    p.add_argument("--runtime", metavar="SECONDS",
                   help="of one run (default: what the job file says)")
    p.add_argument("--limit", metavar="SECONDS",
                   help="after which a run is killed and recorded as hung (default: twice what "
                        "it takes and 30 s; without a known end, when it has done nothing for "
                        f"{QUIET_S} s)")
    p.add_argument("--seed", metavar="N", help="of the order and of fio's random sequences")
    p.add_argument("--scratch", metavar="DIR",
                   help="where the files that fio reads and writes lie (default: build/scratch)")
    p.add_argument("--results", type=Path, metavar="DIR", help=f"default: {results}")
    p.add_argument("--fio", metavar="PATH",
                   help="default: $FIO_DIR/fio if FIO_DIR is set, else fio")
    p.add_argument("--engine", metavar="PATH", help="default: build/engine/iowq.so")
    p.add_argument("--dry-run", action="store_true", help="print every run and the time they take")
    return p


def positive(option, text):
    if text is None:
        return None
    if not re.fullmatch(r"\d{0,6}\.?\d{1,3}", text) or float(text) < 0.001:
        raise BadInput(f"{option} {text}: allowed is a number of seconds from 0.001 to 999999")
    return float(text)


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


def repeats_of(options):
    return whole("--repeats", options.repeats, 1, 1000)


def seed_of(options):
    text = options.seed or str(random.SystemRandom().randrange(1, 2**31))
    return whole("--seed", text, 0, 2**31)


def fio_of(options):
    """The fio that the options, or the environment, name."""
    return fio_at(options.fio or (os.path.join(os.environ["FIO_DIR"], "fio")
                                  if os.environ.get("FIO_DIR") else "fio"))


def fio_at(wanted):
    found = shutil.which(wanted)
    if not found:
        raise BadInput(f"{wanted}: no such fio: run scripts/setup run, or give --fio PATH")
    return os.path.abspath(found)


def bench_of(options, jobs, modes, stop, file_systems=(), hosts=None):
    """The tools and places that all runs share; raises BadInput for whatever is not there."""
    fio = fio_of(options)
    if not shutil.which("gnuplot"):
        raise BadInput("gnuplot is not installed: run scripts/setup run")
    engine = os.path.abspath(options.engine or ENGINE)
    if any(mode.offload for mode in modes) and not hosts:
        if not os.path.isfile(engine):
            raise BadInput(f"{engine}: the engine is not built: run make all")
        if re.search(r"[$;#\\'\"\s]", engine):
            raise BadInput(f"{engine}: fio cannot load an engine from a path with spaces or any of "
                           "$ ; # \\ or quotes")
    return make_bench(fio, hosts.engine if hosts else engine,
                      Path(options.scratch or REPOSITORY / "build/scratch").absolute(), jobs, stop,
                      file_systems=file_systems, destroy=getattr(options, "destroy", ()),
                      runtime_s=positive("--runtime", options.runtime),
                      limit_s=positive("--limit", options.limit), steady=steady_of(options),
                      hosts=hosts)


def make_bench(fio, engine, scratch, jobs, stop, *, file_systems, destroy, runtime_s, limit_s,
               steady, hosts):
    names = unique_names([job.name for job in jobs])
    return Bench(fio, engine, scratch, places_of(file_systems, scratch), names, runtime_s, limit_s,
                 steady, stop, hosts, tuple(file_systems), tuple(destroy))


def hold(bench):
    """Takes the scratch folder for this process alone, and ends what a killed one left in it."""
    make_scratch(bench.scratch)
    lock(bench.scratch, "scratch folder")
    kill_left_over(bench.fio, bench.places.values())


def steady_of(options):
    """fio's own way to write it; it looks once a second, so that a short run cannot be steady."""
    text = getattr(options, "steady", None)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?%", text) or float(text[:-1]) == 0:
        raise BadInput(f"--steady {text}: allowed is a share above 0%, such as 2%")
    return text


def make_scratch(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        raise BadInput(f"scratch folder {folder}: {error.strerror}") from error


def make_folders(bench, loads):
    """The folder of each load's files."""
    for load in loads:
        make_scratch(bench.folder(load))
