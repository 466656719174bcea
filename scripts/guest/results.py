# SPDX-License-Identifier: MIT
"""What came back from the guests: their reports as one junit file, and the printed summary."""

import io
import re
import tarfile
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

from suite.draw import numa_counts

# What each guest writes, by the part of its tests that writes it.
REPORTS = {"pytest": "pytest.xml", "iowq_test": "iowq_test.xml"}
COUNTS = "numa-counts.json"  # where work was done, as suite/draw/numa_counts.py describes it
CONSOLE_LINES = 40
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


@dataclass
class Guest:
    """One topology's results: its test cases in junit's form."""
    topology: str
    cases: list = field(default_factory=list)
    counts: bytes = b""

    def fail(self, name, text):
        case = xml.Element("testcase", classname=self.topology, name=name)
        xml.SubElement(case, "failure", message=text.splitlines()[0]).text = text
        self.cases.append(case)

    def add_report(self, report):
        for case in xml.fromstring(report).iter("testcase"):
            case.set("classname", f"{self.topology}.{case.get('classname')}")
            self.cases.append(case)


def end_of(console):
    lines = ESCAPES.sub("", console).splitlines()[-CONSOLE_LINES:]
    return "".join(f"\n  | {line}" for line in lines)


def members(archive):
    """The files that the guest sent; none when it did not come so far."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {m.name.removeprefix("./"): tar.extractfile(m).read() for m in tar if m.isfile()}
    except tarfile.TarError:
        return {}


def collect(topology, ending, archive, progress, console):
    """A Guest from what it left; a wrong end counts as a failed test."""
    guest = Guest(topology)
    files = members(archive)
    guest.counts = files.get(COUNTS, b"")
    for part, name in REPORTS.items():
        if name in files:
            try:
                guest.add_report(files[name])
            except xml.ParseError as error:
                guest.fail(part, f"its report is no XML: {error}")
                return guest
    running = (progress.split("\n")[-2:-1] or ["boot"])[0]
    failed = [case for case in guest.cases if outcome(case) == "failed"]
    if ending.cause or not files:
        cause = ending.cause or "the guest ended without its results"
        guest.fail(running, f"{cause}, in {running}{end_of(console)}")
        return guest
    for part, name in REPORTS.items():
        status = files.get(f"{part}.status", b"").decode().strip() or "unknown"
        if name not in files or (status != "0" and not failed):
            guest.fail(part, f"{part} ended with status {status}, the last test was {running}"
                       f"{end_of(console)}")
        elif not failed and not passed_in(files[name]):
            guest.fail(part, f"{part} ran no test that could have passed{end_of(console)}")
    return guest


def passed_in(report):
    return any(outcome(case) == "passed" for case in xml.fromstring(report).iter("testcase"))


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def skipped(reason):
    """A Guest in whose place everything is skipped, for a reason of the machine's."""
    guest = Guest("numa")
    case = xml.Element("testcase", classname="numa", name="guests")
    xml.SubElement(case, "skipped", message=reason)
    guest.cases.append(case)
    return guest


def write(guests, path):
    top = xml.Element("testsuites")
    for guest in guests:
        xml.SubElement(top, "testsuite", name=guest.topology).extend(guest.cases)
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.ElementTree(top).write(path, encoding="utf-8", xml_declaration=True)


def write_counts(guests, folder):
    """Each guest's file, and the table of all; returns the table's path, or None without any."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for guest in guests:
        path = folder / f"{guest.topology}.json"
        path.unlink(missing_ok=True)
        if guest.counts:
            path.write_bytes(guest.counts)
            found.append(numa_counts.read(path))
    table = folder / numa_counts.TABLE
    table.unlink(missing_ok=True)
    if found:
        table.write_text(numa_counts.table(found))
    return table if found else None


def text_of(case):
    """The whole text of a failure, with what the test printed."""
    parts = [element.text or element.get("message") or ""
             for kind in ("failure", "error", "system-out", "system-err")
             for element in case.findall(kind)]
    return "\n".join(part.rstrip() for part in parts if part.strip())


def summary(guests):
    """The lines to be printed, and whether nothing failed."""
    counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
    failures, skips = [], []
    for case in (case for guest in guests for case in guest.cases):
        counts[outcome(case)] += 1
        name = f"{case.get('classname')}.{case.get('name')}"
        if outcome(case) == "failed":
            failures.append(f"failed: {name}\n{text_of(case)}\n")
        elif outcome(case) == "skipped":
            reason = case.find("skipped")
            skips.append(f"{name}: skipped: "
                         f"{reason.get('message') if reason is not None else 'not run'}")
    total = f"{counts['passed']} passed, {counts['failed']} failed"
    if counts["skipped"]:
        total += f", {counts['skipped']} skipped"
    return [*failures, *skips, total], not counts["failed"]
