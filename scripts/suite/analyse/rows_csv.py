# SPDX-License-Identifier: MIT
"""rows.csv: one line for each section and direction of each run, syncs among them."""

import csv
import io

from suite.analyse.summary_csv import rounded
from suite.fio.output import percentile
from suite.request.plan import TRACED

NAME = "rows.csv"
COLUMNS = ("job,mode,depth,block,mix,placement,file_system,busy,rate,repeat,section,direction,"
           "phase,ios,iops,bw_bytes,lat_mean_ns,lat_p50_ns,lat_p99_ns,lat_p999_ns,start_s,end_s"
           ).split(",")


def document(finished):
    """rows.csv's text for [(run, record, figures)], without the traced runs and without those that
    came to no result."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row_of(run, row, of_row) for run, _, figures in finished
                     if figures and run.repeat != TRACED
                     for row, of_row in sorted(figures.rows.items()))
    return text.getvalue()


def row_of(run, row, figures):
    point = run.point
    return {"job": point.load.job, "mode": point.mode, "depth": point.depth,
            "block": point.load.block, "mix": point.load.mix, "placement": point.load.placement,
            "file_system": point.load.file_system, "busy": point.load.busy, "rate": point.rate,
            "repeat": run.repeat,
            "section": row.section, "direction": row.direction, "phase": row.phase,
            "ios": figures.ios, "iops": rounded(figures.iops, 3),
            "bw_bytes": rounded(figures.bw_bytes),
            "lat_mean_ns": rounded(figures.lat_mean_ns, 1),
            "lat_p50_ns": percentile(figures.bins, 50),
            "lat_p99_ns": percentile(figures.bins, 99),
            "lat_p999_ns": percentile(figures.bins, 99.9),
            "start_s": rounded(figures.start_s, 3), "end_s": rounded(figures.end_s, 3)}
