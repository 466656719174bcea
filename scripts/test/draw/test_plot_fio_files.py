# SPDX-License-Identifier: MIT
"""Charts of any JSON that fio wrote: by the installed fio, as recorded of others, and damaged."""

import copy
import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import HANG_S, SCRIPTS
from suite.draw import fio_files
from suite.draw.styles import STYLES
from suite.fio import output
from pictures import assert_png_with_colours, svg_text

RECORDED = Path(__file__).parent / "fio-json"
JOB = ["--name=randread", "--rw=randread", "--bs=4k", "--size=1m", "--runtime=100ms",
       "--time_based", "--invalidate=0", "--filename=data"]


def plot(folder, *arguments):
    return subprocess.run([str(SCRIPTS / "plot"), *map(str, arguments)], cwd=folder, text=True,
                          capture_output=True, timeout=HANG_S, check=False)


def run_fio(folder, name, *options, form="json", job=JOB):
    path = folder / name
    subprocess.run(["fio", f"--output-format={form}", f"--output={path}", *job, *options],
                   cwd=folder, timeout=HANG_S, check=True, capture_output=True)
    return path


def charts_in(folder):
    return {path.stem.rpartition("-")[2] for path in folder.glob("*.svg")}


def refused(done, *words):
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("plot: ") and done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def part(iops=1000.0, **more):
    return {"total_ios": 100, "iops": iops, "bw_bytes": 4096 * iops, "runtime": 100,
            "io_bytes": 409600} | more


def latency(ns, **more):
    return {"N": 100, "mean": ns, "min": ns, "max": ns} | more


def document(*jobs, **more):
    return {"fio version": "fio-3.33", "jobs": list(jobs)} | more


def job(name="j", options=(), **parts):
    return {"jobname": name, "error": 0, "job options": dict(options)} | parts


def lines(tmp_path, *documents):
    """The Subject of documents written to a.json, b.json and so on."""
    paths = [tmp_path / f"{chr(ord('a') + i)}.json" for i in range(len(documents))]
    for path, one in zip(paths, documents):
        path.write_text(json.dumps(one))
    return fio_files.subject(paths)


@pytest.mark.parametrize("form, source", [("json", "fio's own table"), ("json+", "json+ bins")])
def test_what_the_installed_fio_writes_is_drawn_with_what_it_holds(tmp_path, form, source):
    path = run_fio(tmp_path, "mine.json", "--ioengine=psync", form=form)
    done = plot(tmp_path, path.name)
    assert done.returncode == 0, done.stderr
    assert charts_in(tmp_path) == {"throughput", "latency", "percentiles"}
    words = svg_text(tmp_path / "mine-percentiles.svg")
    assert source in words and "(clat)" in words and "From mine.json" in words
    for kind in ("png", "pdf", "gp", "dat"):
        assert (tmp_path / f"mine-latency.{kind}").stat().st_size
    assert_png_with_colours(tmp_path / "mine-latency.png")


def test_total_latency_is_preferred_and_missing_percentiles_cost_only_their_charts(tmp_path):
    total = run_fio(tmp_path, "total.json", "--lat_percentiles=1", "--clat_percentiles=1")
    none = run_fio(tmp_path, "none.json", "--lat_percentiles=0", "--clat_percentiles=0")
    assert plot(tmp_path, total.name).returncode == 0
    assert "Latency: total; percentiles from fio's own table" in \
        svg_text(tmp_path / "total-latency.svg")
    assert plot(tmp_path, none.name, "--to", "none").returncode == 0
    assert charts_in(tmp_path / "none") == {"throughput"}
    assert "No percentiles, as fio wrote none" in svg_text(tmp_path / "none/none-throughput.svg")


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.iterdir()))
def test_recorded_documents_of_other_fios_are_drawn(tmp_path, name):
    done = plot(tmp_path, RECORDED / name)
    assert done.returncode == 0, done.stderr
    # The client's json is of two jobs, whose percentiles cannot be brought together.
    assert charts_in(tmp_path) == {"throughput"} | (
        {"latency", "percentiles"} if name != "client-3.42.json" else set())
    words = svg_text(next(tmp_path.glob("*throughput.svg")))
    assert 'odd "name" $HOME' in words
    assert ("group_reporting" in words) == (name == "client-3.42.json")


def test_a_live_server_is_drawn_from_its_clients_output(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "job.fio").write_text("[j]\n" + "\n".join(word.removeprefix("--")
                                                          for word in JOB[1:]))
    server = subprocess.Popen(["fio", f"--server=127.0.0.1,{port}"], cwd=tmp_path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(10 * HANG_S):
            time.sleep(0.1)
            done = subprocess.run(["fio", f"--client=127.0.0.1,{port}", "--output-format=json",
                                   "job.fio"], cwd=tmp_path, capture_output=True, text=True,
                                  timeout=HANG_S, check=False)
            if "client_stats" in done.stdout:
                break
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=HANG_S)
    assert not done.stdout.startswith("{"), "what the client says first"
    (tmp_path / "client.json").write_text(done.stdout)
    assert plot(tmp_path, "client.json").returncode == 0
    assert charts_in(tmp_path) == {"throughput", "latency", "percentiles"}


def test_the_sums_in_a_clients_output_are_not_counted_again():
    text = (RECORDED / "client-3.42.json").read_text()
    recorded = output.parse_fio(text)
    jobs = [one for one in recorded["client_stats"] if one["jobname"] != output.SUMS]
    assert len(jobs) < len(recorded["client_stats"])
    figures = output.figures(recorded)
    assert figures.ios == sum(one["read"]["total_ios"] for one in jobs)
    assert figures.iops == pytest.approx(sum(one["read"]["iops"] for one in jobs))
    only_sums = recorded | {"client_stats": [one for one in recorded["client_stats"]
                                             if one not in jobs]}
    assert output.figures(only_sums).ios > 0


def test_figures_cope_with_whatever_fio_leaves_out():
    assert output.figures({}).ios == 0 and output.figures({}).latency is None
    assert output.figures(document(job())).ios == 0
    bare = output.figures(document(job(read=part())))
    assert (bare.iops, bare.lat_mean_ns, bare.latency) == (1000.0, None, None)
    assert not bare.bins and not bare.percentiles
    table = {"50.000000": 5, "99.000000": 9}
    clat = output.figures(document(job(read=part(
        lat_ns=latency(7.0), clat_ns=latency(5.0, percentile=table)))))
    assert clat.latency == "completion" and clat.percentiles == {50.0: 5, 99.0: 9}
    assert clat.lat_mean_ns == 7.0, "always of the total"
    total = output.figures(document(job(read=part(
        lat_ns=latency(7.0, bins={"7": 100}), clat_ns=latency(5.0, bins={"5": 100})))))
    assert total.latency == "total" and total.bins == {7: 100}


def test_percentiles_of_several_parts_are_brought_together_from_bins_only():
    tables = [job(read=part(lat_ns=latency(7.0, percentile={"50.000000": ns}))) for ns in (1, 9)]
    assert output.figures(document(*tables)).latency is None
    bins = [job(read=part(lat_ns=latency(7.0, bins={str(ns): 10}))) for ns in (1, 9)]
    assert output.figures(document(*bins)).bins == {1: 10, 9: 10}
    assert output.figures(document(bins[0], tables[0])).bins == {}, "bins of half the I/Os"


def test_unified_directions_are_drawn_and_never_counted_twice():
    mixed = part(iops=3000.0)
    assert output.figures(document(job(mixed=mixed))).iops == 3000.0
    both = job(read=part(iops=1000.0), write=part(iops=2000.0), mixed=mixed)
    assert output.figures(document(both)).iops == 3000.0


def test_files_that_differ_in_depth_alone_form_a_line_along_it(tmp_path):
    sweep = [document(job("r", {"iodepth": str(depth)}, read=part(100.0 * depth)),
                      **{"global options": {"ioengine": engine}})
             for engine in ("libaio", "io_uring") for depth in (8, 1, 32)]
    subject = lines(tmp_path, *sweep)
    assert list(subject.rows) == ["libaio", "io_uring"]
    assert [s.point.depth for s in subject.closed()["libaio"]] == [1, 8, 32]
    assert [s.iops.median for s in subject.closed()["libaio"]] == [100, 800, 3200]
    assert subject.styles["libaio"] == STYLES["fio:libaio"], "as in every other chart"


def test_files_of_our_engine_are_paired_as_in_a_comparison(tmp_path):
    modes = [document(job("r", {"ioengine": "external:/x/iowq.so", "offload": mode}, read=part()))
             for mode in ("sqwq", "uring_async", "acall")]
    first, second, _ = (subject := lines(tmp_path, *modes)).rows
    assert subject.pairs == {first: second}
    assert lines(tmp_path, *modes, modes[0]).pairs == {}, "which of the two?"


def test_what_differs_in_more_than_depth_stays_apart(tmp_path):
    read = part()
    apart = lines(tmp_path, document(job("r", {"bs": "4k"}, read=read)),
                  document(job("r", {"bs": "64k", "iodepth": "4"}, read=read)))
    assert list(apart.rows) == ["a, 4k", "b, 64k"]
    again = lines(tmp_path, document(job("r", read=read)), document(job("r", read=read)))
    assert list(again.rows) == ["a", "b"]
    jobs = lines(tmp_path, document(job("x", read=read, write=read), job("y", read=read),
                                    job("y", read=read)))
    assert list(jobs.rows) == ["x, reads", "x, writes", "y, reads"]
    assert [row[0].iops.median for row in jobs.rows.values()] == [1000, 1000, 2000]
    assert len({style.point for style in jobs.styles.values()}) == 3


def test_labels_are_one_each_whatever_the_files_are_called(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.json").write_text(json.dumps(document(job(read=part()))))
    subject = fio_files.subject([tmp_path / folder / "a.json" for folder in ("x", "y", "x")])
    assert len(subject.rows) == 3


def test_doubts_stand_in_the_footer(tmp_path):
    failed = job("bad", {"rate_iops": "100"}, read=part()) | {"error": 5}
    subject = lines(tmp_path, document(failed, job("good", read=part())))
    assert subject.shown("bad") == "bad !" and subject.shown("good") == "good"
    words = " ".join(subject.warnings)
    assert "! fio reports an error: bad" in words and "A rate was set" in words


def test_our_own_open_loop_is_none_of_the_closed_loops_points(tmp_path):
    subject = lines(tmp_path, document(job(options={"arrival_rate": "5000"}, read=part())))
    assert not subject.closed() and list(subject.open()) == ["j"]


def test_notes_before_the_json_are_skipped(tmp_path):
    path = run_fio(tmp_path, "a.json")
    path.write_text("fio: a note {of one kind}\nanother\n" + path.read_text() + "\ntail\n")
    assert plot(tmp_path, "a.json").returncode == 0


@pytest.mark.parametrize("content, words", [
    ("", ("no JSON", "--output-format=json")),
    ("randread: (g=0): rw=randread\n", ("no JSON",)),
    ('{"jobs": [', ("cut off",)),
    ("{}", ("'jobs'",)),
    ('{"jobs": []}', ("'jobs'",)),
    ('{"jobs": [1]}', ("not as fio writes it",)),
    ('{"jobs": 7}', ("not as fio writes it",)),
    ('{"jobs": [{"read": {"total_ios": 3, "lat_ns": {"bins": {"x": 1}}}}]}', ("not as fio",)),
    ('{"jobs": [{"jobname": "j", "read": {"total_ios": 0}}]}', ("no I/O was done",)),
])
def test_what_is_not_fios_is_told_in_one_line(tmp_path, content, words):
    (tmp_path / "bad.json").write_text(content)
    refused(plot(tmp_path, "bad.json"), "bad.json", *words)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]


def test_a_truncated_file_and_none_at_all_are_told_in_one_line(tmp_path):
    text = (RECORDED / "fio-3.42.json").read_text()
    (tmp_path / "cut.json").write_text(text[:len(text) // 2])
    refused(plot(tmp_path, "cut.json"), "cut.json", "cut off")
    refused(plot(tmp_path, "nosuch.json"), "nosuch.json", "No such file")
    refused(plot(tmp_path), "RESULTS_DIR", "--help")
    (tmp_path / "folder").mkdir()
    refused(plot(tmp_path, "folder", "cut.json"), "folder", "alone")
    refused(plot(tmp_path, "folder"), "no plan.json")


def test_only_what_an_earlier_plot_drew_is_written_over(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(document(job(read=part()))))
    mine = tmp_path / "a-throughput.svg"
    mine.write_text("my own")
    refused(plot(tmp_path, "a.json"), "a-throughput.svg", "--to")
    assert mine.read_text() == "my own" and not list(tmp_path.glob("*.gp"))
    (tmp_path / "a-throughput.gp").write_text("# mine, too\n")
    refused(plot(tmp_path, "a.json"), "a-throughput.gp")
    for _ in range(2):
        assert plot(tmp_path, "a.json", "--to", "sub/folder").returncode == 0
    assert (tmp_path / "sub/folder/a-throughput.svg").stat().st_size
    refused(plot(tmp_path, "a.json", "--to", "a.json"), "--to a.json")
    refused(plot(tmp_path, "a.json", "--to", "/dev/null/x"), "--to /dev/null/x")


def test_odd_names_do_no_harm(tmp_path):
    odd = "it's \"odd\"\n$HOME `touch x` <script>&amp; %s é日 \\"
    one = document(job(odd, {"bs": "%d'"}, read=part()), job("; rm *", write=part()))
    path = tmp_path / "na'me $(touch y) \"%s\".json"
    path.write_text(json.dumps(one))
    done = plot(tmp_path, path.name)
    assert done.returncode == 0, done.stderr
    (picture,) = tmp_path.glob("*.svg")
    assert "".join(odd.replace("\n", "?").split()) in "".join(svg_text(picture).split())
    assert "<script" not in picture.read_text()
    assert not {"x", "y"} & {path.name for path in tmp_path.iterdir()}
    assert set(picture.name) <= set("abcdefghijklmnopqrstuvwxyz_.-s")


def test_of_several_documents_the_last_counts_as_it_covers_all_of_the_time(tmp_path):
    path = run_fio(tmp_path, "a.json", "--runtime=1500ms", "--status-interval=500ms",
                   "--rate_iops=100")
    text = path.read_text()
    assert text.count('"fio version"') > 1
    assert output.figures(output.parse_fio(text)).runtime_s > 1.4
    with pytest.raises(output.NotFioOutput):
        output.parse_fio(text.rstrip()[:-10])


def test_figures_of_nothing_but_noughts_are_drawn(tmp_path):
    noughts = part(0.0, lat_ns=latency(0.0, bins={"0": 100}), runtime=0)
    (tmp_path / "a.json").write_text(json.dumps(document(job(read=noughts))))
    done = plot(tmp_path, "a.json", "--formats", "svg")
    assert done.returncode == 0, done.stderr
    assert charts_in(tmp_path) == {"throughput", "percentiles"}


def test_a_document_is_not_changed_by_being_drawn(tmp_path):
    one = document(job(read=part(lat_ns=latency(7.0, bins={"7": 100}))))
    before = copy.deepcopy(one)
    output.figures(one)
    assert one == before
