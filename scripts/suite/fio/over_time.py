# SPDX-License-Identifier: MIT
"""fio's logs of a run over time, added up over its jobs and directions.

A client names the logs that it gets from a server NAME_KIND.JOB.log.HOST.
"""

from collections import defaultdict

NAME = "over-time"
WINDOW_MS = 50
MOST_WINDOWS = 200
OPTIONS = ("write_iops_log", "write_lat_log", "log_avg_msec")


def log_options(length_s, traced):
    """fio's options for the logs. The IOPS log costs nothing, the latency log several percent."""
    window = max(WINDOW_MS, round(1000 * (length_s or 60) / MOST_WINDOWS))
    options = {"write_iops_log": NAME, "log_avg_msec": window}
    return options | ({"write_lat_log": NAME} if traced else {})


def take(folder, window_ms):
    """Takes the logs out of the folder: {"iops_over_time", "latency_over_time"}, if there are any.

    Each is a list of [ms from the start, figure]. A latency is the mean over a window, in which
    each job and direction weighs as much as its IOPS.
    """
    iops, latency = read(folder, "iops", window_ms), read(folder, "lat", window_ms)
    remove(folder)
    rates, sums, weights = (defaultdict(float) for _ in range(3))
    for (window, source), value in iops.items():
        rates[window] += value
    for (window, source), value in latency.items():
        weight = iops.get((window, source), 1)
        sums[window] += weight * value
        weights[window] += weight
    means = {window: sums[window] / weights[window] for window in sums if weights[window]}
    shown = {"iops_over_time": rates, "latency_over_time": means}
    return {name: [[window * window_ms, round(values[window])] for window in sorted(values)]
            for name, values in shown.items() if values}


def remove(folder):
    for path in folder.glob(f"{NAME}_*.log*"):
        path.unlink()


def uneven(iops):
    """Whether a run ended at another speed than it began with; False for a short one."""
    rates = [rate for _, rate in iops[1:-1]]
    third = len(rates) // 3
    if third < 3:
        return False
    first, last = sum(rates[:third]), sum(rates[-third:])
    return abs(last - first) > 0.25 * first


def read(folder, kind, window_ms):
    """{(number of the window, (job, direction)): figure}"""
    found = {}
    for path in folder.glob(f"{NAME}_{kind}.*.log*"):
        source = path.name.removeprefix(f"{NAME}_{kind}.")  # the same in the logs of each kind
        for line in path.read_text(errors="replace").splitlines():
            ms, value, direction, *_ = (*line.split(","), "", "")
            if ms.strip().isdigit() and value.strip().isdigit():
                found[int(ms) // window_ms, (source, direction.strip())] = int(value)
    return found
