# SPDX-License-Identifier: MIT
"""scripts/capacity: its searches go on where they were stopped, and what it tells of them."""

import json
import random
import signal
import subprocess
from math import inf
from types import SimpleNamespace

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS, TINY_JOB
from suite import search as driver
from suite.analyse.capacity import Limit, capacities
from suite.errors import BadInput
from suite.fio.output import figures
from suite.measure.process import Stop
from suite.measure.run import Ran
from suite.open_loop import CapacityFolder
from suite.report import capacity as told
from suite.request.asked import Asked
from suite.request.jobfile import read_job
from suite.request.modes import parse_mode
from suite.request.open_loop import closed_loops

LIMIT = Limit(1e6, 0.4)
# {mode: (IOPS in a closed loop, the most load that keeps the limit)}
MOST = {"punt": (1e5, 9e4), "sqwq": (8e4, 3e4), "uring": (1.2e5, 0), "acall": (200, 100),
        "inline": (5e4, inf)}


class Server:
    """Machines whose runs are made up, and the same whenever they are made; a stop ends them after
    `runs` of them."""

    start_s, seen = 0.4, False

    def __init__(self, runs=10**6):
        self.left = runs

    def lay_out(self, asked, bench):
        return 0.0

    def execute(self, bench, run, job, mode):
        if self.left == 0:
            bench.stop.signal = signal.SIGINT
            return None
        self.left -= 1
        closed, most = MOST[mode.base]
        noise = random.Random(run.id).gauss(1, 0.03)
        iops = run.point.rate or closed * noise
        kept = run.point.rate <= most * noise
        document = synthetic.fio_document(iops, 1e5 if kept else 5e5)  # p99 is four times that
        record = {"run": run.as_json(), "command": ["fio"], "ok": True, "reason": None,
                  "flags": [] if kept or run.point.rate < 5e4 else ["behind"], "wall_s": 0.4,
                  "user_s": 0.1, "system_s": 0.1, "voluntary_switches": 1, "cache_hit": 1.0,
                  "involuntary_switches": 1, "threads_peak": 3}
        return Ran(run, "[j]\n", json.dumps(document).encode(), record, figures(document))


def asked_for(tmp_path, modes=tuple(MOST), rounds=5):
    path = tmp_path / "tiny.fio"
    path.write_text(TINY_JOB)
    job, modes = read_job(path), [parse_mode(mode) for mode in modes]
    return Asked([job], modes, closed_loops(job, modes, 32), rounds, 7, modes[0].name, [])


def folder_of(path, asked):
    folder = CapacityFolder(path)
    folder.create()
    job = asked.jobs[0]
    folder.write_json("env.json", synthetic.ENVIRONMENT)
    folder.write_json("plan.json", {
        "schema": 3, "made_by": "capacity", "seed": 7, "arguments": ["tiny.fio"], "depths": [32],
        "jobs": [{"name": job.name, "text": job.text, "reads": True, "writes": False,
                  "cache": "warm", "block": "4096"}],
        "modes": [{"name": mode.name} for mode in asked.modes]})
    return folder


def searched(asked, folder, runs=10**6):
    """The exit status; the search is stopped after so many runs."""
    takes = SimpleNamespace(known_s=0.4)
    bench = SimpleNamespace(machines=Server(runs), stop=Stop(), runtime_s=0.4,
                            takes=lambda job: takes)
    return driver.search(asked, bench, folder, LIMIT)[0]


def lines(folder):
    return (folder.path / "runs.jsonl").read_bytes().splitlines()


@pytest.fixture
def complete(tmp_path):
    asked = asked_for(tmp_path)
    folder = folder_of(tmp_path / "complete", asked)
    assert searched(asked, folder) == 0
    return asked, folder


def test_a_search_that_is_stopped_anywhere_goes_on_with_the_same_runs(tmp_path, complete, capsys):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)
    asked, whole = complete
    folder = folder_of(tmp_path / "stopped", asked)
    most = len(lines(whole)) // 5  # so that it is stopped 4 times at least
    stops = 0
    while searched(asked, folder, source.randrange(1, most)) != 0:
        stops += 1
        assert lines(folder) == lines(whole)[:len(lines(folder))]
    assert stops > 3 and lines(folder) == lines(whole)
    assert "scripts/capacity --resume" in capsys.readouterr().err
    again = lines(folder)
    assert searched(asked, folder) == 0 and lines(folder) == again


def test_steps_are_interleaved_and_shuffled(complete):
    asked, folder = complete
    runs = [run for run, _, _ in folder.finished()]
    orders = set()
    for repeat in range(1, 6):
        here = [run for run in runs if run.repeat == repeat]
        assert len({run.randseed for run in here}) == 1
        first, second = here[:5], here[5:9]  # acall does too little to be searched
        assert {run.point.mode for run in first} == set(MOST)
        assert {run.point.mode for run in second} == set(MOST) - {"acall"}
        orders |= {tuple(run.point.mode for run in first)}
    assert len(orders) > 1


def test_what_is_found_is_near_the_truth_and_said_where_there_is_none(complete, capsys):
    asked, folder = complete
    found = {one.mode: one for one in capacities(asked, folder.finished(), LIMIT).values()}
    for mode in ("punt", "sqwq"):
        interval = found[mode].interval
        assert interval.low < MOST[mode][1] * 1.05 and interval.high > MOST[mode][1] * 0.95
        assert interval.median == pytest.approx(MOST[mode][1], rel=0.1)
        assert interval.n == 5 and len(found[mode].rounds) == 5
    assert found["uring"].none and found["uring"].lowest[0] == 250
    assert found["inline"].interval.high == inf
    assert found["acall"].too_slow and found["acall"].interval is None
    told.report(folder, asked, LIMIT)
    text = capsys.readouterr().out
    assert ("uring: in 5 of 5 rounds no rate from 250 I/Os/s up keeps p99 under 1 ms; at the "
            "lowest that was tried it was 2 ms.") in text
    assert "acall: does" in text and "too few for a p99 in 0.4 s" in text
    assert "No end: nothing that was tried was too much (inline)." in text
    assert "punt takes the most load" in text and "Less: inline 0.6" in text
    shown = [line.split()[0] for line in text.splitlines() if " k  [" in line]
    assert shown == ["punt", "inline", "sqwq"], "the greatest on top"
    page = (folder.path / "report.html").read_text()
    assert "under 1 ms" in page and "<svg" in page and "scripts/capacity tiny.fio" in page
    document = json.loads(told.as_json(folder, asked, LIMIT, 0))
    modes = {one["mode"]: one for one in document["modes"]}
    assert modes["punt"]["capacity"][1] == found["punt"].interval.median
    assert modes["inline"]["capacity"][2] is None and modes["acall"]["capacity"] is None
    assert modes["uring"]["lowest_tried"] == 250
    assert document["verdicts"][0]["best"] == "punt"


def test_a_search_ends_at_a_run_without_a_result_and_others_go_on(tmp_path, monkeypatch):
    execute = Server.execute

    def failing(self, bench, run, job, mode):
        ran = execute(self, bench, run, job, mode)
        if mode.base == "punt" and run.repeat == 2 and run.point.rate:
            ran.figures = None
            ran.record |= {"ok": False, "flags": ["failed"], "reason": "it broke"}
        return ran

    monkeypatch.setattr(Server, "execute", failing)
    asked = asked_for(tmp_path, ["punt", "sqwq"], rounds=3)
    folder = folder_of(tmp_path / "r", asked)
    assert searched(asked, folder) == 1
    punt, sqwq = capacities(asked, folder.finished(), LIMIT).values()
    assert (punt.failed, sorted(punt.rounds), punt.reasons) == (1, [1, 3], ["it broke"])
    assert (sqwq.failed, sorted(sqwq.rounds)) == (0, [1, 2, 3])
    assert searched(asked, folder) == 1, "nothing is made again"


def test_a_folder_that_was_changed_is_not_gone_on_with(tmp_path, complete):
    asked, folder = complete
    kept = lines(folder)
    row = json.loads(kept[7])
    row["run"]["rate"] += 1000
    (folder.path / "runs.jsonl").write_bytes(
        b"".join(line + b"\n" for line in [*kept[:7], json.dumps(row).encode(), *kept[8:]]))
    with pytest.raises(BadInput, match="its files were changed"):
        searched(asked, folder)
    (folder.path / "runs.jsonl").write_bytes(kept[0] + b"\n" + kept[0] + b"\n")
    with pytest.raises(BadInput, match="is there already"):
        searched(asked, folder)


# ---- the command


@pytest.fixture
def command(tmp_path):
    def run(*words):
        line = [SCRIPTS / "capacity", *words, "--scratch", tmp_path / "scratch", "--no-wait"]
        return subprocess.run(list(map(str, line)), capture_output=True, text=True, timeout=HANG_S,
                              check=False)
    return run


@pytest.mark.parametrize("extra, words", [
    ((), "--limit-p99 is missing"), (("--limit-p99", "1"), "with its unit"),
    (("--limit-p99", "1 ms"), "with its unit"), (("--limit-p99", "1msec"), "500us"),
    (("--limit-p99", "0ms"), "with its unit"), (("--limit-p99", "-1ms"), "limit-p99"),
    (("--limit-p99", "1e3us"), "with its unit"), (("--limit-p99", "1h"), "with its unit"),
    (("--limit-p99", "1ms", "--modes", "punt,fio:psync"), "fio:psync is none of them"),
    (("--limit-p99", "1ms", "--modes", "pnut"), "did you mean punt?"),
    (("--limit-p99", "1ms", "--modes", "punt,punt"), "given twice"),
    (("--limit-p99", "1ms", "--depth", "0"), "--depth 0"),
    (("--limit-p99", "1ms", "--rounds", "0"), "--rounds 0"),
    (("--limit-p99", "1ms", "--runtime", "50ms"), "0.1 s and more"),
    (("--limit-p99", "1ms", "--repeats", "3"), "no option --repeats"),
    (("--limit-p99", "1ms", "--add-rounds", "3"), "--resume"),
    (("--limit-p99", "1ms", "--seed", "x"), "--seed x"),
])
def test_bad_input_is_told_in_one_line(tmp_path, job_file, command, engine, extra, words):
    done = command(job_file(), "--results", tmp_path / "r", "--engine", engine, *extra)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("capacity: ") and words in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("text, words", [
    ("", "no job"), (TINY_JOB + "arrival_rate=5\n", "arrival_rate"),
    (TINY_JOB + "[b]\nstonewall\nrw=randread\nsize=1m\n", "stages")])
def test_bad_jobs_are_told_in_one_line(tmp_path, job_file, command, text, words):
    done = command(job_file(text), "--limit-p99", "1ms", "--results", tmp_path / "r")
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "tiny.fio" in done.stderr and words in done.stderr


def test_other_commands_refuse_its_folder_and_say_which_one_made_it(tmp_path, complete):
    _, folder = complete
    for words in (["compare", "--resume"], ["report"], ["plot"], ["map", "--resume"]):
        done = subprocess.run([str(SCRIPTS / words[0]), *words[1:], str(folder.path)], text=True,
                              capture_output=True, timeout=HANG_S, check=False)
        assert done.returncode == 2 and "was made by scripts/capacity" in done.stderr, words


def test_two_modes_are_searched_with_fio_and_the_report_is_made_again(tmp_path, job_file, command,
                                                                      engine):
    results = tmp_path / "r"
    done = command(job_file(TINY_JOB + "numjobs=2\n"), "--limit-p99", "100ms",
                   "--modes", "punt,uring", "--rounds", "1", "--runtime", "200ms", "--seed", "1",
                   "--depth", "8", "--engine", engine, "--results", results, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    finished = CapacityFolder(results).finished()
    for mode in document["modes"]:
        low, most, _ = mode["capacity"]
        assert 500 <= low <= most < 1.3 * mode["closed_loop"]
    rates = [run.point.rate for run, _, _ in finished if run.point.rate]
    assert rates and all(rate % 2 == 0 for rate in rates), "two jobs share it"
    assert (results / "charts/capacity.svg").exists() and (results / "rows.csv").exists()
    for path in (results / "report.html", results / "charts/capacity.svg"):
        path.unlink()
    again = subprocess.run([str(SCRIPTS / "capacity"), "--resume", str(results), "--no-wait"],
                           text=True, capture_output=True, timeout=HANG_S, check=False)
    assert again.returncode == 0, again.stderr
    assert "the most load with p99 under 100 ms" in again.stdout
    assert (results / "report.html").exists() and len(lines(CapacityFolder(results))) == \
        len(finished)
