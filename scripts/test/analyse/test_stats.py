# SPDX-License-Identifier: MIT
import json
import math
import random
from collections import Counter

import pytest
from suite.analyse import stats
from suite.fio import output
from synthetic import fio_document

SEED = 20240607


@pytest.mark.parametrize("n, percent", [(1, 0), (2, 50), (3, 75), (4, 87.5), (5, 93.75),
                                        (6, 96.875), (7, 98.4375)])
def test_widest_interval_of_n_values_has_the_coverage_of_the_binomial(n, percent):
    assert 100 * stats.coverage(n, 1) == pytest.approx(percent)


@pytest.mark.parametrize("n, rank, percent", [(5, 1, 93.75), (7, 1, 98.44), (8, 2, 92.97),
                                              (9, 2, 96.09), (12, 3, 96.14), (20, 6, 95.86)])
def test_interval_is_the_narrowest_with_92_5_percent_and_names_its_real_coverage(n, rank, percent):
    interval = stats.median_interval(range(1, n + 1))
    assert (interval.low, interval.high) == (rank, n + 1 - rank)
    assert 100 * interval.coverage == pytest.approx(percent, abs=0.005)


def test_interval_covers_the_true_median_as_often_as_it_claims():
    source = random.Random(SEED)
    for n in (5, 7, 10):
        intervals = [stats.median_interval([source.lognormvariate(0, 1) for _ in range(n)])
                     for _ in range(4000)]
        share = sum(i.low <= 1 <= i.high for i in intervals) / len(intervals)
        assert share == pytest.approx(intervals[0].coverage, abs=0.012)


def test_equal_modes_are_called_different_no_more_often_than_the_coverage_allows():
    source = random.Random(SEED)
    for n in (5, 7, 10):
        calls = 0
        for _ in range(4000):
            drift = [source.uniform(0.5, 2) for _ in range(n)]
            ours, theirs = ({i: d * source.gauss(1, 0.03) for i, d in enumerate(drift)}
                            for _ in range(2))
            calls += bool(stats.median_interval(stats.paired_ratios(ours, theirs)).verdict())
        claimed = 1 - stats.median_interval(range(n)).coverage
        assert calls / 4000 == pytest.approx(claimed, abs=0.012)


def test_too_few_repeats_never_call_a_difference():
    assert stats.median_interval([1.5, 1.6, 1.7, 1.8]).verdict() == ""
    assert stats.median_interval([1.5, 1.6, 1.7, 1.8, 1.9]).verdict() == "faster"
    assert stats.median_interval([0.5, 0.6, 0.7, 0.8, 0.9]).verdict() == "slower"
    assert stats.median_interval([0.9, 1.6, 1.7, 1.8, 1.9]).verdict() == ""


def noise(source, heavy=False):
    """What a run's speed is off by: a few percent, and now and then much more."""
    return math.exp(source.gauss(0, 0.1 if heavy and source.random() < 0.15 else 0.02))


@pytest.mark.parametrize("heavy", [False, True])
def test_ending_early_makes_no_more_false_calls_than_claimed(heavy):
    """Where intervals are looked at after every round, until they are narrow."""
    source = random.Random(SEED)
    for precision in (0.01, 0.02, 0.04):
        calls = 0
        for _ in range(1500):
            values = [noise(source, heavy) for _ in range(stats.LEAST_ROUNDS)]
            while True:
                interval = stats.median_interval(values, stats.EARLY_STOP_COVERAGE)
                if interval.half_width <= precision or len(values) == 30:
                    break
                values.append(noise(source, heavy))
            calls += bool(interval.verdict())
        assert calls / 1500 <= 1 - stats.WANTED_COVERAGE, f"precision {precision}"


def test_a_slowdown_of_5_percent_is_found_at_10_rounds():
    source = random.Random(SEED)
    found = 0
    for _ in range(1000):
        drift = [source.uniform(0.5, 2) for _ in range(10)]
        ours = {i: 0.95 * d * noise(source) for i, d in enumerate(drift)}
        theirs = {i: d * noise(source) for i, d in enumerate(drift)}
        found += stats.median_interval(stats.paired_ratios(ours, theirs)).verdict() == "slower"
    assert found / 1000 > 0.95


@pytest.mark.parametrize("n, m", [(5, 5), (5, 7), (7, 7), (10, 4)])
def test_unpaired_intervals_cover_the_true_ratio_as_often_as_they_claim(n, m):
    source = random.Random(SEED)
    covered = 0
    for _ in range(3000):
        ours = [1.3 * source.lognormvariate(0, 0.2) for _ in range(n)]
        theirs = [source.lognormvariate(0, 0.2) for _ in range(m)]
        interval = stats.unpaired_ratio(ours, theirs)
        covered += interval.low <= 1.3 <= interval.high
    assert interval.coverage >= 0.95
    assert covered / 3000 == pytest.approx(interval.coverage, abs=0.012)


def test_rank_sums_are_distributed_as_counted_by_hand():
    # 2 against 2: of the 6 orders one each has U = 0, 1, 3 and 4, and two have 2.
    assert stats.rank_sum_tails(2, 2) == pytest.approx([1 / 6, 2 / 6, 4 / 6, 5 / 6, 1])
    assert stats.unpaired_ratio([2.0], [1.0]).coverage == 0


def test_drift_is_called_in_half_a_percent_of_equal_repeats_and_found_where_it_is():
    source = random.Random(SEED)
    for n in (7, 10):
        calls = sum(stats.drifts([source.random() for _ in range(n)]) for _ in range(10000))
        assert 0 < calls / 10000 <= 0.0075
        assert stats.drifts(list(range(n))) and stats.drifts(list(range(n, 0, -1)))
    assert not stats.drifts([]) and not stats.drifts([1, 2, 3, 4, 5])


def test_a_point_is_unstable_by_the_spread_of_its_runs():
    assert stats.unstable([100, 101, 99, 201])
    assert not stats.unstable([100, 101, 99, 198]) and not stats.unstable([100])


def test_ratios_are_paired_within_a_round_and_skip_rounds_that_lack_either_side():
    assert stats.paired_ratios({1: 2.0, 2: 6.0, 3: 5.0}, {1: 1.0, 2: 2.0, 4: 9.0}) == [2.0, 3.0]


def test_percentiles_come_from_merged_bins_and_not_from_averages():
    fast, slow = Counter({100: 99, 200: 1}), Counter({1000: 50, 9000: 50})
    merged = fast + slow
    assert output.percentile(merged, 49.5) == 100
    assert output.percentile(merged, 50) == 200
    assert output.percentile(merged, 75) == 1000
    assert output.percentile(merged, 75.1) == 9000
    assert output.percentile(Counter(), 50) is None


def test_rates_and_bins_add_up_over_jobs_and_directions():
    document = fio_document(iops=1000, latency_ns=500)
    document["jobs"].append({"write": fio_document(iops=200, latency_ns=800)["jobs"][0]["read"]})
    figures = output.figures(document)
    assert (figures.ios, figures.iops, figures.bw_bytes) == (2000, 1200, 1200 * 4096)
    assert sum(figures.bins.values()) == 2000
    parts = [j.get("read", j.get("write"))["lat_ns"]["mean"] for j in document["jobs"]]
    assert figures.lat_mean_ns == pytest.approx(sum(parts) / 2)


def test_notes_before_the_json_are_skipped():
    document = json.dumps({"jobs": []}, indent=2)
    assert output.parse_fio(f"fio: note {{of one kind}}\n{document}\ntail") == {"jobs": []}


@pytest.mark.parametrize("text", ["", "fio: no luck\n", '{"jobs": [', "note { \n"])
def test_output_without_a_whole_document_is_refused(text):
    with pytest.raises(output.NotFioOutput):
        output.parse_fio(text)
