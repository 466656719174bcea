# SPDX-License-Identifier: MIT
"""The job files: each asks a question, can be compared, is small, and is listed with its question.
"""

import re

import pytest
from conftest import SCRIPTS
from suite.measure.files import sizes_of_all
from suite.report.page import question
from suite.request.jobfile import read_job

JOBS = SCRIPTS.parent / "jobs"
FILES = sorted(JOBS.glob("*.fio"))
MOST_BYTES = 1 << 30
each_job = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def listed():
    """{name: what jobs/README.md says of it}, its lines joined."""
    text = (JOBS / "README.md").read_text()
    items = re.findall(r"^- `(.*?)`: (.*(?:\n  .*)*)", text, re.M)
    return {name: " ".join(said.split()) for name, said in items}


@each_job
def test_the_list_has_each_job_with_its_question_and_where_its_shape_is_from(path):
    asked = question(path.read_text())
    assert asked, "a comment with `Question: ...?`"
    said = listed().get(path.stem, "")
    assert said.lower().startswith(asked.lower()) and " Shape: " in said


def test_the_list_has_nothing_that_is_not_there():
    there = {path.stem for path in FILES} | {path.name for path in JOBS.glob("*.toml")}
    assert set(listed()) == there and len(FILES) > 10


@each_job
def test_a_job_can_be_compared_and_its_files_are_small(path, tmp_path):
    job = read_job(path)
    assert job.runtime_s <= 2
    assert 0 < sum(sizes_of_all([(job, tmp_path)]).values()) <= MOST_BYTES
