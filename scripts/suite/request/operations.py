# SPDX-License-Identifier: MIT
"""Jobs whose I/Os are operations on files, by this engine's metadata=, and the engines of fio's own
that do the same."""

from suite.errors import BadInput
from suite.request.jobfile import OPERATION, block_size
from suite.request.modes import ours

# {operation: the mode}. These make their call as fio opens a file, and the rest of what fio then
# counts on the file is nothing.
FIOS = {"stat": "fio:filestat", "create": "fio:filecreate", "unlink": "fio:filedelete"}
ONCE = "fio:filedelete"


def of_fio(job):
    """The mode of fio's own that does what the job does, None without one."""
    return FIOS.get(job.operations[0]) if len(job.operations) == 1 else None


def default_modes(job, names):
    """The usual modes, of which a job of operations leaves out what reads and writes."""
    if not job.operations:
        return names
    theirs = of_fio(job)
    beside = [theirs] if theirs and not unlike(job, theirs) else []
    return [name for name in names if ours(name)] + beside


def check(job, modes):
    """Raises BadInput where one of fio's own engines would do, or count, something else than the
    job's operations."""
    for mode in modes if job.operations else ():
        if mode.offload:
            continue
        theirs = of_fio(job)
        why = unlike(job, theirs) if mode.base == theirs else \
            "reads and writes instead: allowed are this engine's modes" + \
            (f" and {theirs}" if theirs else "")
        if why:
            raise BadInput(f"job file {job.path}: {OPERATION}={','.join(job.operations)}: "
                           f"{mode.name} {why}")


def unlike(job, base):
    """Why fio's own engine would not do one call an I/O here; empty where it does."""
    if any(len(section.files) > 1 or file_size(section) != block_size(section)
           for section in job.sections):
        return "makes one call a file: allowed are files of one block, such as filesize=4k bs=4k"
    if base == ONCE and any(section.value("time_based") for section in job.sections):
        return "deletes each file once: allowed is a job that ends when it has, without time_based"
    return ""


def file_size(section):
    files = max(1, section.value("nrfiles", 1), len(section.files))
    return str(section.value("filesize") or section.value("size") // files)


def options_of(job, mode):
    """{option: value, or None} of a run by an engine of fio's own."""
    if mode.base not in FIOS.values():
        return {}
    # It tells no total latency, only how long its call took.
    options = {OPERATION: None, "clat_percentiles": 1, "lat_percentiles": 0}
    if mode.base == FIOS["create"]:
        shape = job.sections[0].text("filename_format") or "$jobname.$jobnum.$filenum"
        options |= {"filename_format": f"{shape}.made", "unlink": 1, "unlink_each_loop": 1}
    return options
