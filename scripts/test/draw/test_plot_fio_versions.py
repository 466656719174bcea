# SPDX-License-Identifier: MIT
"""What is drawn of each fio's JSON, by what that fio wrote: nothing stands in for what is missing.

The documents have the shape of each version's, as its show_thread_status_json() lays them out.
"""

import json

import pytest
from suite.draw import charts, fio_files
from suite.errors import BadInput
from suite.fio import output
from suite.fio.output import COMPLETION, TOTAL

VERSIONS = ["2.0.10", "2.1.4", "2.1.14", "2.2.6", "2.2.12", "2.3", "2.17", "2.20", "2.21", "2.99",
            "3.1", "3.2", "3.4", "3.12", "3.13", "3.17", "3.18", "3.33", "3.42"]
# The first fio that wrote it so.
COUNTS, EXACT_IOPS, BINS, OPTIONS, BIN_VALUES, KIB_APART, IN_NS = \
    "2.1.14", "2.2.6", "2.2.12", "2.3", "2.20", "2.21", "2.99"
TOTALS, BYTES_A_SECOND, SYNCS, TOTAL_IN_PLACE, SAMPLES = "3.2", "3.2", "3.4", "3.13", "3.18"
IOS, IOPS, KIB, BYTES = 10001, 2500.25, 40004, 40004 * 1024
US = {50: 200, 99: 900}  # percentiles of completion latency; the total is 10 µs longer
NUMBERS_OF_BINS = {"164": 201, "304": 900}  # and what fio 2.2.12 takes them for
LEVELS = {"1": 0.1, "2": 0.1, "4": 0.1, "8": 99.8, "16": 0.0, "32": 0.0, ">=64": 0.0}


def since(version, first):
    return [int(n) for n in version.split(".")] >= [int(n) for n in first.split(".")]


def document(version, plus=False, total=False):
    """One job of random reads at iodepth 8; `total`: with lat_percentiles=1."""
    has = {first: since(version, first) for first in (
        COUNTS, EXACT_IOPS, BINS, OPTIONS, BIN_VALUES, KIB_APART, IN_NS, BYTES_A_SECOND, SYNCS,
        TOTAL_IN_PLACE, SAMPLES)}
    read = {"io_bytes": BYTES if has[KIB_APART] else KIB, "bw": 10001,
            "iops": IOPS if has[EXACT_IOPS] else int(IOPS), "runtime": 4000}
    if has[KIB_APART]:
        read["io_kbytes"] = KIB
    if has[COUNTS]:
        read |= {"total_ios": IOS, "short_ios": 0, "drop_ios": 0}
    if has[BYTES_A_SECOND]:
        read["bw_bytes"] = BYTES // 4
    unit = 1000 if has[IN_NS] else 1
    for name, extra in (("slat", 0), ("clat", 0), ("lat", 10)):
        one = {"min": unit, "max": 1000 * unit, "mean": 300.0 * unit, "stddev": 1.0}
        one["mean"] += extra * unit
        if has[SAMPLES]:
            one["N"] = IOS
        if name == ("lat" if total and has[TOTAL_IN_PLACE] else "clat"):
            one["percentile"] = table(version, 10 if total else 0)
        if plus and has[BINS] and name == ("lat" if total else "clat"):
            one["bins"] = bins(version, unit)
        read[f"{name}_ns" if has[IN_NS] else name] = one
    nothing = {"io_bytes": 0, "bw": 0, "iops": 0, "runtime": 0,
               **({"total_ios": 0} if has[COUNTS] else {})}
    job = {"jobname": "j", "groupid": 0, "error": 0, "read": read, "write": nothing,
           "iodepth_level": LEVELS}
    if has[OPTIONS]:
        job["job options"] = {"ioengine": "libaio", "rw": "randread", "iodepth": "08",
                              **({"lat_percentiles": "1"} if total else {})}
    if has[SYNCS]:
        job["sync"] = {"total_ios": 5, "lat_ns": {"min": 1, "max": 9000, "mean": 3000.0,
                                                  **({"N": 5} if has[SAMPLES] else {})}}
    return {"fio version": f"fio-{version}", "jobs": [job]}


def table(version, extra):
    """Filled up with noughts before 3.4, and with two decimals before 2.1.14."""
    digits = 6 if since(version, COUNTS) else 2
    unit = 1000 if since(version, IN_NS) else 1
    filled = {} if since(version, SYNCS) else {"0.00": 0}
    return {f"{p:.{digits}f}": unit * (us + extra) for p, us in US.items()} | filled


def bins(version, unit):
    if since(version, BIN_VALUES):
        return {str(200 * unit): IOS - 101, str(900 * unit): 101}
    every = {str(number): 0 for number in range(1216)}
    return every | {"164": IOS - 101, "304": 101, "FIO_IO_U_PLAT_BITS": 6, "FIO_IO_U_PLAT_VAL": 64,
                    "FIO_IO_U_PLAT_NR": 1216}


def subject(tmp_path, *documents):
    paths = [tmp_path / f"{chr(ord('a') + i)}.json" for i in range(len(documents))]
    for path, one in zip(paths, documents):
        path.write_text(json.dumps(one))
    return fio_files.subject(paths)


@pytest.mark.parametrize("version", VERSIONS)
def test_rates_and_mean_latency_are_those_that_fio_wrote(version):
    found = output.figures(document(version))
    assert found.ios == (IOS if since(version, COUNTS) else None)
    assert found.iops == (IOPS if since(version, EXACT_IOPS) else 2500)
    assert found.bw_bytes == (BYTES // 4 if since(version, BYTES_A_SECOND) else 10001 * 1024)
    assert found.lat_mean_ns == 310_000
    assert (found.read_bytes, found.runtime_s) == (BYTES, 4)


@pytest.mark.parametrize("version, total", [(v, False) for v in VERSIONS]
                         + [(v, True) for v in VERSIONS if since(v, TOTALS)])
def test_percentiles_are_in_ns_and_of_the_latency_that_is_named(tmp_path, version, total):
    drawn = subject(tmp_path, document(version, total=total))
    (summary,), = drawn.rows.values()
    extra = 10 if total else 0
    assert summary.percentiles == {p: 1000 * (us + extra) for p, us in US.items()}
    assert ("Latency: total" in drawn.latency) == total, drawn.latency
    assert "from fio's own table" in drawn.latency


@pytest.mark.parametrize("version", [v for v in VERSIONS if since(v, BINS)])
def test_bins_are_in_ns_whether_fio_wrote_their_values_or_their_numbers(version):
    found = output.figures(document(version, plus=True))
    quick, slow = US.values() if since(version, BIN_VALUES) else NUMBERS_OF_BINS.values()
    assert found.bins == {1000 * quick: IOS - 101, 1000 * slow: 101}
    assert found.latency == COMPLETION and not found.percentiles
    if since(version, TOTALS):
        assert output.figures(document(version, plus=True, total=True)).latency == TOTAL


@pytest.mark.parametrize("version", VERSIONS)
def test_the_depth_is_the_option_or_what_was_in_flight_at_least(tmp_path, version):
    drawn = subject(tmp_path, document(version))
    (summary,), = drawn.rows.values()
    assert summary.point.depth == 8
    known = since(version, OPTIONS)
    assert summary.depth_words == ("depth 8" if known else "depth at least 8")
    assert any("iodepth_level" in warning for warning in drawn.warnings) != known
    assert ("libaio" in drawn.subtitle) == known


@pytest.mark.parametrize("version", VERSIONS)
def test_syncs_are_said_where_fio_counted_them(tmp_path, version):
    words = "5 syncs in no chart, which took 3 µs in the mean: j"
    assert (words in subject(tmp_path, document(version)).warnings) == since(version, SYNCS)


def one_job(options, levels=None, common=None, **more):
    """A document with options as fio writes them, or None where it writes none."""
    job = {"jobname": "j", "error": 0, "read": {"total_ios": 10, "iops": 5.0}, **more}
    job |= {} if options is None else {"job options": options}
    job |= {} if levels is None else {"iodepth_level": levels}
    return {"fio version": "fio-3.33", "jobs": [job]} | (
        {} if common is None else {"global options": common})


GROUP = {"group_reporting": ""}
DEPTHS = [  # (document, depth, what is said of it)
    (one_job({"iodepth": "8"}), 8, None),
    (one_job({"iodepth": "08"}), 8, None),
    (one_job({"iodepth": "0x10"}), 16, None),
    (one_job({"iodepth": "1k"}), 1024, None),
    (one_job({"iodepth": "1k", "kb_base": "1000"}), 1000, None),
    (one_job({"iodepth": "4*1024"}), 4, None),
    (one_job({}), 1, None),
    (one_job({}, common={"iodepth": "4"}), 4, None),
    (one_job({"iodepth": "2"}, common={"iodepth": "4"}), 2, None),
    (one_job(None, common={"iodepth": "4"}), 4, None),
    (one_job(None, common={}), 1, None),
    (one_job({"iodepth": "8"}, LEVELS), 8, None),
    (one_job({"iodepth": "32"}, {"1": 100.0}), 32, None),
    (one_job(None, LEVELS), 8, "at least the one drawn, by iodepth_level, as fio wrote no options"),
    (one_job(None, {"1": 100.0}), 1, "at least the one drawn"),
    (one_job(None, {">=64": 0.1, "32": 0.0}), 64, "at least the one drawn"),
    (one_job(None), None, "unknown, as fio wrote no options, and fio wrote no iodepth_level"),
    (one_job(None, {"1": 0.0}), None, "unknown"),
    (one_job({"iodepth": "(2*4)"}), None, "unknown, as iodepth=(2*4) cannot be read"),
    (one_job({"iodepth": "(2*4)"}, LEVELS), 8, "at least the one drawn"),
    (one_job({"iodepth": "4"}, LEVELS), 8, "as more was in flight than iodepth=4 allows"),
    (one_job({}, LEVELS), 8, "as more was in flight than iodepth=1 allows"),
]


@pytest.mark.parametrize("row", DEPTHS, ids=range(len(DEPTHS)))
def test_no_depth_is_drawn_that_nothing_tells(tmp_path, row):
    one, depth, words = row
    drawn = subject(tmp_path, one)
    (summary,), = drawn.rows.values()
    assert summary.point.depth == depth
    assert [words in warning for warning in drawn.warnings if "Depth" in warning] == \
        ([True] if words else [])


def test_a_client_writes_the_options_of_a_group_as_anothers_or_not_at_all(tmp_path):
    one = one_job({"iodepth": "8"}, common=GROUP)
    first, second = (dict(one["jobs"][0], jobname=name, hostname="h", port=8765) for name in "ab")
    del second["job options"]
    third = dict(first, jobname="c")
    drawn = subject(tmp_path, {"fio version": "fio-3.33", "global options": GROUP,
                               "client_stats": [first, second, third]})
    assert [rows[0].point.depth for rows in drawn.rows.values()] == [8, None, None]


def test_jobs_of_one_name_and_several_depths_are_no_point_at_one_of_them(tmp_path):
    jobs = [one_job({"iodepth": depth})["jobs"][0] for depth in ("4", "8")]
    drawn = subject(tmp_path, {"jobs": jobs})
    (summary,), = drawn.rows.values()
    assert summary.point.depth is None
    assert any("its jobs have several: 4, 8" in warning for warning in drawn.warnings)


def test_depths_in_doubt_form_no_line(tmp_path):
    deeper = document("2.1.4")
    deeper["jobs"][0]["iodepth_level"] = LEVELS | {">=64": 1.0}
    assert list(subject(tmp_path, document("2.1.4"), deeper).rows) == ["a", "b"]


def test_an_unknown_depth_stands_beside_the_others_under_its_own_name(tmp_path):
    drawn = subject(tmp_path, document("3.33"), one_job(None), document("2.1.4"))
    figure = charts.throughput(drawn)
    panels = [panel for band in figure.bands for panel in band.panels]
    assert [[label for _, label in panel.x.ticks] for panel in panels] == \
        len(drawn.rows) * [["unknown", "8"]]
    assert charts.percentiles(drawn) and charts.latency(drawn)


@pytest.mark.parametrize("part, words", [
    ({"total_ios": 0, "io_bytes": 0}, "no I/O was done"),
    ({"io_bytes": 0, "iops": 0, "bw": 0}, "no I/O was done"),
    ({}, "no figures of I/O"),
    ({"clat": {"mean": 1.0}}, "no figures of I/O"),
    ({"total_ios": None, "iops": None}, "no I/O was done"),
])
def test_no_io_is_told_from_no_figures(tmp_path, part, words):
    with pytest.raises(BadInput, match=words):
        subject(tmp_path, {"jobs": [{"jobname": "j", "read": part}]})


ABSENT = [  # (figures of the only part, what is None of them)
    ({"total_ios": 10}, {"iops", "bw_bytes", "lat_mean_ns"}),
    ({"total_ios": 10, "iops": 5.0, "bw": 20}, {"lat_mean_ns"}),
    ({"iops": 5, "bw": 20, "lat": {"max": 9, "mean": 5.0}}, {"ios"}),
    ({"total_ios": 10, "iops": None, "bw_bytes": None}, {"iops", "bw_bytes", "lat_mean_ns"}),
    ({"total_ios": 9, "iops": 5.0, "bw": 1, "lat_ns": {"N": 0, "mean": 0.0}}, {"lat_mean_ns"}),
    ({"total_ios": 9, "iops": 5.0, "bw": 1, "lat_ns": {"max": 0, "mean": 0.0}}, {"lat_mean_ns"}),
]


@pytest.mark.parametrize("part, none", ABSENT)
def test_what_fio_did_not_write_is_none_and_no_nought(part, none):
    names = ("ios", "iops", "bw_bytes", "lat_mean_ns")
    alone = output.figures({"jobs": [{"read": part}]})
    assert {name for name in names if getattr(alone, name) is None} == none
    whole = document("3.33")["jobs"][0]["read"]
    both = output.figures({"jobs": [{"read": part, "write": whole}]})
    none = none | ({"lat_mean_ns"} if "ios" in none else set())  # nothing tells how they weigh
    assert {name for name in names if getattr(both, name) is None} == none, "a sum of the others"


def test_means_of_several_directions_weigh_as_many_ios_as_each_had():
    slow, quick = ({"total_ios": n, "iops": 1.0, "bw": 1, "lat": {"max": 99, "mean": mean}}
                   for n, mean in ((1, 40.0), (3, 20.0)))
    assert output.figures({"jobs": [{"read": slow, "write": quick}]}).lat_mean_ns == 25_000


def test_noughts_in_a_table_of_percentiles_are_said(tmp_path):
    one = document("2.17")
    one["jobs"][0]["read"]["clat"]["percentile"] = {"50.000000": 0, "99.000000": 0, "0.00": 0}
    warnings = subject(tmp_path, one).warnings
    assert "No percentiles, as all that fio wrote are 0: j" in warnings


def test_syncs_that_were_asked_for_and_not_written_are_said(tmp_path):
    one = document("2.17")
    one["jobs"][0]["job options"]["fsync"] = "8"
    assert any("fsync in its options" in warning for warning in subject(tmp_path, one).warnings)
    one["jobs"][0]["job options"]["fsync"] = "0"
    assert not any("fsync" in warning for warning in subject(tmp_path, one).warnings)


def test_the_rate_of_an_open_loop_is_read_by_fios_rules(tmp_path):
    for text, rate in (("08", 8), ("1k", 1024)):
        (summary,), = subject(tmp_path, one_job({"arrival_rate": text})).rows.values()
        assert summary.point.rate == rate
    with pytest.raises(BadInput, match=r"arrival_rate=\(2\*4\) cannot be read"):
        subject(tmp_path, one_job({"arrival_rate": "(2*4)"}))
