# SPDX-License-Identifier: MIT
import json
import random
from collections import Counter

import pytest
from suite import fio_output, stats
from synthetic import fio_document

SEED = 20240607


@pytest.mark.parametrize("n, percent", [(1, 0), (2, 50), (3, 75), (4, 87.5), (5, 93.75),
                                        (6, 96.875), (7, 98.4375)])
def test_widest_interval_of_n_values_has_the_coverage_of_the_binomial(n, percent):
    assert 100 * stats.coverage(n, 1) == pytest.approx(percent)


@pytest.mark.parametrize("n, rank, percent", [(5, 1, 93.75), (7, 1, 98.44), (8, 1, 99.22),
                                              (9, 2, 96.09), (12, 3, 96.14), (20, 6, 95.86)])
def test_interval_is_the_narrowest_with_95_percent_and_names_its_real_coverage(n, rank, percent):
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


def test_ratios_are_paired_within_a_block_and_skip_blocks_that_lack_either_side():
    assert stats.paired_ratios({1: 2.0, 2: 6.0, 3: 5.0}, {1: 1.0, 2: 2.0, 4: 9.0}) == [2.0, 3.0]


def test_percentiles_come_from_merged_bins_and_not_from_averages():
    fast, slow = Counter({100: 99, 200: 1}), Counter({1000: 50, 9000: 50})
    merged = fast + slow
    assert fio_output.percentile(merged, 49.5) == 100
    assert fio_output.percentile(merged, 50) == 200
    assert fio_output.percentile(merged, 75) == 1000
    assert fio_output.percentile(merged, 75.1) == 9000
    assert fio_output.percentile(Counter(), 50) is None


def test_rates_and_bins_add_up_over_jobs_and_directions():
    document = fio_document(iops=1000, latency_ns=500)
    document["jobs"].append({"write": fio_document(iops=200, latency_ns=800)["jobs"][0]["read"]})
    figures = fio_output.figures(document)
    assert (figures.ios, figures.iops, figures.bw_bytes) == (2000, 1200, 1200 * 4096)
    assert sum(figures.bins.values()) == 2000
    parts = [j.get("read", j.get("write"))["lat_ns"]["mean"] for j in document["jobs"]]
    assert figures.lat_mean_ns == pytest.approx(sum(parts) / 2)


def test_notes_before_the_json_are_skipped():
    document = json.dumps({"jobs": []}, indent=2)
    assert fio_output.parse_fio(f"fio: note {{of one kind}}\n{document}\ntail") == {"jobs": []}


@pytest.mark.parametrize("text", ["", "fio: no luck\n", '{"jobs": [', "note { \n"])
def test_output_without_a_whole_document_is_refused(text):
    with pytest.raises(fio_output.NotFioOutput):
        fio_output.parse_fio(text)
