# SPDX-License-Identifier: MIT
"""What was measured, and where, in words for tables, charts and reports."""

from suite.request.busy import kind_of
from suite.request.plan import NO_PLACEMENT
from suite.units import bytes_in_words

# By a vulnerability, in the kernel's words. Older folders have these in env.json too.
UNAFFECTED = "Not affected"


def load_words(job, load=None):
    """A load in words; without one, what the job file asks for."""
    words = operation_words(job) if job.get("operations") else \
        transfer_words(job, load.block if load else job["block"])
    if load and load.mix:
        words.append(f"{load.mix} % reads")
    if load and load.placement != NO_PLACEMENT:
        words.append(load.placement)
    if load and load.file_system:
        words.append(load.file_system)
    return ", ".join(words + ([kind_of(load.busy).words] if load and load.busy else []))


def operation_words(job):
    return [" and ".join(job["operations"]), f"caches {job['cache']}"]


def transfer_words(job, block):
    kind = "reads and writes" if job["reads"] and job["writes"] else \
        "reads" if job["reads"] else "writes"
    size = sizes_in_words(block)
    state = {"direct": "O_DIRECT", "mixed": "some O_DIRECT, some buffered, page cache warm"}.get(
        job["cache"], f"buffered, page cache {job['cache']}")
    return [f"{kind} of {size}" if size else kind, state]


def sizes_in_words(block):
    """`4 KiB and 1 MiB` for the sizes in bytes that a load's block names: several sections may
    have several. A text of the job file, such as a range, stays as it is."""
    sizes = sorted(block.split(), key=lambda size: (int(size) if size.isdigit() else 0, size))
    words = [bytes_in_words(int(size)) if size.isdigit() else size for size in sizes]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def machine_words(environment, file_system=""):
    """The line under a chart: the machine, and which of the comparison's file systems was used."""
    if "hosts" in environment:
        names = ", ".join(host["name"] for host in environment["hosts"])
        return f"at the same time on {names}"
    return (f"Linux {environment['kernel'].split()[1]}, {environment['cpus']} CPUs, "
            f"{environment['places'][file_system]['file_system']}")


def machine_title(environment):
    """The machine in words, without the file system."""
    if "hosts" in environment:
        return f"{machine_words(environment)}, {environment['versions']['fio']}"
    return (f"{environment['cpu_model'] or environment['machine']}, {environment['cpus']} CPUs, "
            f"{environment['kernel'].split(' #')[0]}, {environment['versions']['fio']}")
