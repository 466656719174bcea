# SPDX-License-Identifier: MIT
"""fio's JSON documents, found in a text that also holds notes, other documents or a part of one.

fio writes its notes to where the document goes, and now and then without an end of line. With
--status-interval it writes several documents; a full disk or a kill leaves a part of one.
"""

import codecs
import json
import re
from dataclasses import dataclass, field

JOBS = ("jobs", "client_stats")
NONE = "no JSON with 'jobs' or 'client_stats' in fio's output"
OPENING = re.compile(r'\{\s*"')
# How a document begins, as fio writes it or as a program does that has parsed it.
BEGINNING = re.compile(r'\{\s*"(?:fio version|jobs|client_stats)"')
# Objects in each other, but for the innermost.
NESTED = re.compile(r'(?:\{\s*"[^"]*"\s*:\s*(?=\{))+')
MEMBER = re.compile(r'\s*,?\s*("[^"]*")\s*:\s*')
BEFORE_ELEMENT = re.compile(r"\s*[\[,]\s*(?=\{)")
# C's nan and inf, which are no JSON: fio 3.0 to 3.17 wrote them as the share of a slow job.
NO_NUMBER = re.compile(r'("\s*:\s*)-?(?:nan|inf)\b')
# fio leaves control characters in names as they are.
DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
NOT_DECODED = (json.JSONDecodeError, RecursionError)


class NotFioOutput(Exception):
    """fio's output holds no complete JSON document."""


@dataclass
class Found:
    """What is in a text: whole documents, and what is wrong with a broken one after the last."""

    whole: list = field(default_factory=list)
    broken: str = ""
    part: dict | None = None  # of the broken one, as far as the last job that is whole

    @property
    def document(self):
        """The last whole document: with --status-interval each covers all of the time until then.
        """
        return self.whole[-1] if self.whole else self.part


def read_text(path):
    """The text of a file; some shells write what a program says as UTF-16."""
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig", errors="replace")


def find(text):
    """The documents in a text, wherever they begin."""
    # A file that was emptied while fio wrote to it begins with as many NUL bytes as were lost.
    text = NO_NUMBER.sub(r"\1null", text.replace("\0", " "))
    found, at = Found(), 0
    while opening := OPENING.search(text, at):
        at = opening.start() + 1
        try:
            value, end = DECODER.raw_decode(text, opening.start())
        except NOT_DECODED as error:
            note_broken(found, text, opening.start(), error)
            nested = NESTED.match(text, opening.start())
            if nested and isinstance(error, RecursionError):  # they are as deep, nearly all of them
                at = nested.end()
            continue
        if any(name in value for name in JOBS):
            found.whole.append(value)
            found.broken, found.part, at = "", None, end
    return found


def note_broken(found, text, at, error):
    """Decides whether a brace that begins no whole object is a document's or is part of a note."""
    alone = not found.whole and text[at - 1:at] in ("", "\n")
    if not alone and not BEGINNING.match(text, at):
        return
    part = whole_part(text, at + 1)
    if not found.broken or (part and not found.part):
        found.broken, found.part = str(error), part


def whole_part(text, at):
    """An object that is cut off, with the whole jobs of its list; None where there is none."""
    document = {}
    while member := MEMBER.match(text, at):
        name, at = json.loads(member[1]), member.end()
        try:
            document[name], at = DECODER.raw_decode(text, at)
        except NOT_DECODED:
            if name in JOBS:
                document[name] = whole_elements(text, at)
            break
    return document if any(document.get(name) for name in JOBS) else None


def whole_elements(text, at):
    elements = []
    while separator := BEFORE_ELEMENT.match(text, at):
        try:
            element, at = DECODER.raw_decode(text, separator.end())
        except NOT_DECODED:
            break
        elements.append(element)
    return elements
