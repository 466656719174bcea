# SPDX-License-Identifier: MIT
"""summary.csv: one line for each run."""

import csv
import io

from suite.analyse.summary import cpu_ns, switches
from suite.fio.output import percentile
from suite.request.plan import TRACED

NAME = "summary.csv"
COLUMNS = ("job,mode,depth,block,placement,repeat,iops,bw_bytes,lat_mean_ns,lat_p50_ns,lat_p99_ns,"
           "lat_p999_ns,cpu_ns_per_io,threads_peak,flags,mix,file_system,rate,switches_per_io,"
           "cache_hit,foreign_cpus,busy,helped").split(",")


def document(finished):
    """summary.csv's text for [(run, record, figures)], without the traced runs."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(summary_row(*row) for row in finished if row[0].repeat != TRACED)
    return text.getvalue()


def summary_row(run, record, figures):
    """One line of summary.csv; a run without a result has a line with its flags, without figures.
    """
    point = run.point
    row = {"job": point.load.job, "mode": point.mode, "depth": point.depth,
           "block": point.load.block, "placement": point.load.placement, "repeat": run.repeat,
           "flags": ";".join(record["flags"]), "threads_peak": record["threads_peak"],
           "mix": point.load.mix, "file_system": point.load.file_system, "rate": point.rate,
           "foreign_cpus": record.get("foreign_cpus"), "busy": point.load.busy}
    if figures is None:
        return row
    return row | {
        "iops": round(figures.iops, 3), "bw_bytes": rounded(figures.bw_bytes),
        "lat_mean_ns": rounded(figures.lat_mean_ns, 1),
        "lat_p50_ns": percentile(figures.bins, 50),
        "lat_p99_ns": percentile(figures.bins, 99),
        "lat_p999_ns": percentile(figures.bins, 99.9),
        "cpu_ns_per_io": rounded(cpu_ns(record, figures), 1),
        "switches_per_io": rounded(switches(record, figures), 5),
        "cache_hit": rounded(record["cache_hit"], 5),
        "helped": rounded(record.get("helped"), 5),
    }


def rounded(number, digits=None):
    return None if number is None else round(number, digits)
