# SPDX-License-Identifier: MIT
"""Options of a job file that belong to an engine: whose they are, and which modes have them."""

import functools
import re
import subprocess
from dataclasses import dataclass

from suite.errors import BadInput
from suite.request import operations
from suite.request.jobfile import OPERATION, parse_line

ASKED_S = 60


@dataclass(frozen=True)
class EngineOption:
    """What --enghelp says of an option; what it does not say is empty."""

    name: str
    about: str
    kind: str
    default: str
    range: str
    values: tuple  # of (value, what it means)


def check(job, modes, bench):
    """Raises BadInput where the job has an engine's option that one of its modes' engines lacks."""
    operations.check(job, modes)
    lacking = {option: [mode.name for mode in modes
                        if option not in options_of(bench.fio, engine_of(bench, mode))
                        and (mode.offload or option != OPERATION)]
               for option in job.engine_options}
    lacking = {option: names for option, names in lacking.items() if names}
    if lacking:
        refuse(job, lacking, bench, [engine_of(bench, mode) for mode in modes])


def refuse(job, lacking, bench, engines):
    owners = {option: owners_of(job, option, bench.fio, engines) for option in lacking}
    nobodys = [option for option, names in owners.items() if not names]
    if nobodys:
        raise BadInput(f"job file {job.path}: neither fio nor an engine of it has an option "
                       f"{', '.join(nobodys)}")
    whose = ", ".join(f"{option}= is an option of {' and '.join(names)}"
                      for option, names in owners.items())
    modes = list(dict.fromkeys(mode for names in lacking.values() for mode in names))
    raise BadInput(f"job file {job.path}: {whose}, and not of {', '.join(modes)}: --leave-out "
                   f"{','.join(lacking)} compares without, and MODE+option=value gives it to one "
                   "mode")


def engine_of(bench, mode):
    """The mode's engine, as --enghelp names it."""
    return mode.job_options(bench.engine)["ioengine"].removeprefix("external:")


def owners_of(job, option, fio, engines):
    """The engines that have an option, among those that the job and the modes name, else among all.
    """
    lines = [parse_line(line) for line in job.text.split("\n")]
    named = [value.removeprefix("external:") for _, key, value in lines if key == "ioengine"]
    found = [name for name in dict.fromkeys(named + engines) if option in options_of(fio, name)]
    return found or [name for name in all_engines(fio) if option in options_of(fio, name)]


def all_engines(fio):
    return re.findall(r"^\s+(\S+)$", said(fio, "--enghelp"), re.M)


@functools.cache
def options_of(fio, engine):
    """The names of an engine's options; empty for an engine that this fio cannot load."""
    return frozenset(re.findall(r"^(\w+) *: ", said(fio, f"--enghelp={engine}"), re.M))


def table_of(fio, engine):
    """An engine's options, in its order."""
    names = re.findall(r"^(\w+) *: ", said(fio, f"--enghelp={engine}"), re.M)
    return [explained(name, said(fio, f"--enghelp={engine},{name}")) for name in names]


def explained(name, text):
    fields, key = {}, ""
    for line in text.splitlines():
        found = re.match(r" *([^:]*?) *: ?(.*)", line)
        if found:
            key = found[1] or key
            fields.setdefault(key, []).append(found[2])
    one = {key: lines[0] for key, lines in fields.items()}
    default = one.get("default", "")
    values = tuple(tuple(re.split(r"\s+", line, maxsplit=1))
                   for line in fields.get("valid values", []))
    return EngineOption(name, one[name], re.sub(r" \(opt=.*\)$", "", one["type"]),
                        "" if default == "no default" else default, one.get("range", ""), values)


def said(fio, question):
    try:
        done = subprocess.run([fio, question], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=ASKED_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadInput(f"{fio}: cannot be asked about its engines: {error}") from error
    return done.stdout.decode(errors="replace")
