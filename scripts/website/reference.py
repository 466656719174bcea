# SPDX-License-Identifier: MIT
"""The library's reference: a page for each public header, from the comments in it.

doxygen reads the headers, and says what they declare and where names lead. Their comments are plain
ones, so it is given a copy of each in which they are marked as documentation.
"""

import re
import subprocess
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

from website.documents import REPOSITORY, coloured, page_of
from markupsafe import Markup, escape
from pygments.lexers import get_lexer_for_filename
from suite.errors import BadInput

LIMIT_S = 300
# In the order in which the list of the reference has them.
FROM_C = ("pool/io_wq.h", "ring/iowq_ring.h", "acall/acall.h")
FROM_CXX = ("pool/wq.h", "pool/work.h", "pool/worker.h", "pool/thread_config.h", "ring/ring.h",
            "ring/request.h", "ring/prepare.h", "ring/coroutine.h", "ring/route.h",
            "os/sleep_hook.h", "os/topology.h")
HEADERS = [f"iowq/{header}" for header in FROM_C + FROM_CXX]
DOXYFILE = """
PROJECT_NAME           = iowq
INPUT                  = iowq
RECURSIVE              = YES
OUTPUT_DIRECTORY       = doxygen
GENERATE_HTML          = NO
GENERATE_LATEX         = NO
GENERATE_XML           = YES
XML_PROGRAMLISTING     = NO
MACRO_EXPANSION        = YES
EXPAND_ONLY_PREDEF     = YES
PREDEFINED             = IOWQ_API= __cplusplus CPU_SETSIZE "IOWQ_GUARDED_BY(x)=" \\
                         "IOWQ_REQUIRES(x)=" "IOWQ_EXCLUDES(x)="
QUIET                  = YES
WARN_IF_UNDOCUMENTED   = NO
WARN_AS_ERROR          = FAIL_ON_WARNINGS
"""
ERRNO = re.compile(r"-E[A-Z0-9]{3,}\b")
# What opens the file, stands before a declaration or behind it, and C's blocks. What is returned
# begins a paragraph.
MARKS = [(re.compile(pattern, re.M), mark) for pattern, mark in (
    (r"\A// SPDX.*", r"/// \\file"),
    (r"\A/\* SPDX.*", r"/** \\file"),
    (r"^( *)// (----.*)", r"\1"),
    (r"^( *)// (0\.|-E[A-Z0-9]+[:,.])( |$)", r"\1//\n\1// \2\3"),
    (r"^( *)\* (0\.|-E[A-Z0-9]+[:,.])( |$)", r"\1*\n\1* \2\3"),
    (r"^( *(?://|\*) 0)\. ", r"\1\\. "),
    (r"^( *)//( .*)?$", r"\1///\2"),
    (r"^(?!#include|})(.*[^ /\n]) +// ", r"\1 ///< "),
    (r"^( *)/\* (.*\*/)$", r"\1/** \2"),
    (r"^( *)/\*$", r"\1/**"),
    (r"^(?!#include|})(.*[^ \n]) +/\* (.*\*/)$", r"\1 /**< \2"))]


@dataclass
class Entry:
    """What a header declares: a type, function, macro, constant or field."""

    kind: str
    name: str  # with its class, without the namespace
    line: int
    nodes: list  # doxygen's: of a function with others of its name that have no text of their own
    members: list = field(default_factory=list)
    above: str = ""  # the heading in the header that stands before it
    anchor: str = ""
    declared: Markup = Markup()
    text: list = field(default_factory=list)  # paragraphs
    uses: list = field(default_factory=list)  # (link, where, line of code) in the examples

    @property
    def titled(self):
        """Its heading: of a type with its kind."""
        if self.kind in ("class", "struct") or self.kind == "enum" and "," not in self.name:
            return f"{self.kind} {self.name}"
        return self.name


@dataclass
class Header:
    """A public header of the library."""

    path: str
    node: object
    entries: list
    text: list = field(default_factory=list)
    programs: list = field(default_factory=list)  # Programs that include it

    @property
    def name(self):
        return Path(self.path).name

    @property
    def page(self):
        return f"{self.name}.html"

    def all(self):
        return [one for entry in self.entries for one in (entry, *entry.members)]


@dataclass
class Program:
    """A program in iowq/example."""

    path: str
    text: str

    @property
    def name(self):
        return Path(self.path).name

    @property
    def lines(self):
        return self.text.splitlines()

    @property
    def about(self):
        """What its first comment says, without the licence and the command to compile it."""
        text = re.match(r"(?:(?:/\*|//| \*).*\n)+", self.text).group()
        words = re.sub(r"^ ?(?:/\*|//|\*/?) ?|\*/$|SPDX.*", "", text, flags=re.M).strip()
        return re.split(r"\n\s*\n|\n  +", words)[0].rstrip(":").replace("\n", " ")


def marked(text):
    for pattern, mark in MARKS:
        text = pattern.sub(mark, text)
    return text


def doxygen(folder):
    """Reads the headers, into folder/doxygen/xml."""
    for header in HEADERS:
        path = folder / header
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(marked((REPOSITORY / header).read_text()))
    try:
        done = subprocess.run(["doxygen", "-"], input=DOXYFILE, cwd=folder, capture_output=True,
                              text=True, timeout=LIMIT_S, check=False)
    except FileNotFoundError:
        raise BadInput("doxygen is not installed: run scripts/setup check") from None
    said = (done.stdout + done.stderr).strip()
    if done.returncode or said:
        raise BadInput(f"doxygen: {said or done.returncode}")


class Reference:
    """What the headers declare. `links`: {an identifier of doxygen's: the link to it}."""

    def __init__(self, folder):
        self.links = {}
        self.parsed = [node for path in sorted((folder / "doxygen/xml").glob("*.xml"))
                       for node in xml.parse(path).getroot().iter("compounddef")]
        self.headers = [self.header(path) for path in HEADERS]
        self.programs = [Program(str(path.relative_to(REPOSITORY)), path.read_text())
                         for path in sorted((REPOSITORY / "iowq/example").iterdir())]
        for header in self.headers:
            self.fill(header)
        self.find_uses()

    # ---- what there is, and where

    def header(self, path):
        found = [node for node in self.parsed if location(node, "file") == path]
        about = next(node for node in found if node.get("kind") == "file")
        header = Header(path, about, [])
        self.links[about.get("id")] = header.page
        loose = {node.get("id"): node for parent in self.parsed
                 if parent.get("kind") == "file" or parent.findtext("compoundname") == "iowq"
                 for node in parent.iter("memberdef") if location(node, "file") == path
                 and "::" not in (node.findtext("qualifiedname") or "").removeprefix("iowq::")}
        entries = [entry_of(node) for node in loose.values()
                   if has_text(node) or node.get("kind") == "function"]
        for node in found:
            if node.get("kind") in ("class", "struct") and node.get("prot") == "public":
                entries.append(entry_of(node))
                entries[-1].members = merged(map(entry_of, public_members(node)))
        header.entries = merged(entries)
        self.name_all(header)
        return header

    def name_all(self, header):
        lines = (REPOSITORY / header.path).read_text().split("\n")
        taken = set()
        for entry in header.all():
            anchor = entry.name.split(",")[0].replace("::", ".")
            entry.anchor = anchor if anchor not in taken else f"{anchor}-{entry.line}"
            taken.add(entry.anchor)
            for node in entry.nodes:
                for named in (node, *node.iter("enumvalue")):
                    self.links[named.get("id")] = f"{header.page}#{entry.anchor}"
        for entries in (header.entries, *(entry.members for entry in header.entries)):
            indent = r" +" if entries is not header.entries else ""
            for before, entry in zip([None, *entries], entries):
                passed = lines[before.line if before else entries[0].line - 3:entry.line]
                heads = [found[1] for line in passed
                         if (found := re.match(rf"{indent}// ---- (.*?)(?: ----)?$", line))]
                entry.above = heads[-1] if heads else ""

    # ---- what is said of it

    def fill(self, header):
        header.text = self.paragraphs(header.node)
        for entry in header.all():
            if entry.kind not in ("class", "struct", "enum"):
                entry.declared = Markup("\n").join(self.declaration(entry, node)
                                                   for node in entry.nodes)
            entry.text = [text for node in entry.nodes for text in self.paragraphs(node)]

    def paragraphs(self, node):
        return [Markup(ERRNO.sub(r'<span class="whole">\g<0></span>', text))
                for part in ("briefdescription", "detaileddescription")
                for para in node.findall(f"{part}/para") if (text := self.inline(para)).strip()]

    def inline(self, node):
        """The words of a node of doxygen's, with their links."""
        text = escape(node.text or "")
        for child in node:
            text += self.marked_up(child) + escape(child.tail or "")
        return text

    def marked_up(self, node):
        inner = self.inline(node)
        if node.tag == "ref" and node.get("refid") in self.links:
            return Markup('<a href="{}">{}</a>').format(self.links[node.get("refid")], inner)
        if node.tag == "computeroutput":
            return Markup("<code>{}</code>").format(inner)
        return inner

    def tidy(self, node):
        """A type as it is written here: doxygen spaces its brackets."""
        if node is None:
            return Markup()
        text = str(self.inline(node)).replace("&lt; ", "&lt;").replace(" &gt;", "&gt;")
        return Markup(re.sub(r"(?<=\w)\(\*", " (*", text))

    def before(self, node):
        """The type of what is declared, and a space where one belongs before the name."""
        kind = self.tidy(node.find("type"))
        return kind + ("" if not kind or kind.endswith(("*", "&amp;")) else " ")

    def declaration(self, entry, node):
        kind, name = node.get("kind"), entry.name.split("::")[-1]
        shown = Markup("<b>{}</b>").format(name)
        if kind == "define":
            names = [param.findtext("defname") for param in node.iter("param")]
            return Markup("#define {}{}").format(shown, f"({', '.join(names)})" if names else "")
        if kind == "typedef":
            return Markup(coloured(source_of(entry), get_lexer_for_filename("x.cc")))
        before = Markup("{}{}").format("static " if node.get("static") == "yes" else "",
                                       self.before(node))
        if kind == "variable":
            after = (node.findtext("argsstring") or "") + value_of(node)
            return Markup("{}{}{}").format(before, shown, after)
        return self.function(node, before, shown)

    def function(self, node, before, shown):
        params = [self.param(param) for param in node.findall("param")]
        after = " const" if node.get("const") == "yes" else ""
        line = Markup("{}{}({}){}").format(before, shown, Markup(", ").join(params), after)
        if len(line.striptags()) > 80:
            between = Markup(",\n    ").join(params)
            line = Markup("{}{}(\n    {}){}").format(before, shown, between, after)
        return line

    def param(self, node):
        name, value = node.findtext("declname") or "", node.findtext("defval")
        before = self.before(node)
        if "(*)" in before:  # a function
            shown = Markup(before.strip().replace("(*)", f"(*{name})"))
        else:
            shown = before.strip() if before.strip() == "void" else before + name
        return shown + (f" = {value}" if value else "")

    def values(self, entry):
        """An enum's: (name, paragraphs)."""
        return [(value.findtext("name"), self.paragraphs(value))
                for value in entry.nodes[0].iter("enumvalue")]

    # ---- the programs that use it

    def find_uses(self):
        methods = [entry.name.split("::")[-1] for header in self.headers for entry in header.all()
                   if entry.kind == "function" and "::" in entry.name]
        users = [program for program in self.programs if "#include <iowq/" in program.text]
        for header in self.headers:
            header.programs = [program for program in users
                               if f"#include <iowq/{header.name}>" in program.lines]
            for entry in header.all():
                if entry.kind in ("function", "define", "class", "struct"):
                    entry.uses = uses_of(entry, users, methods)

    def names(self):
        """{what Markdown may say in code: the link to it}; no plain words."""
        found = {header.name: header.page for header in self.headers}
        for header in self.headers:
            short = header.path.removeprefix("iowq/")
            found |= dict.fromkeys((f"iowq/{header.name}", header.path, short), header.page)
        for header in self.headers:
            for entry in header.all():
                link = f"{header.page}#{entry.anchor}"
                names = [entry.name, *(name for name, _ in self.values(entry))]
                for name in names:
                    if "::" in name or "_" in name:
                        found.setdefault(name, link)
                        found.setdefault(f"iowq::{name}", link)
        return found

    def undescribed(self):
        """The types, and the functions of the C headers, that nothing is said of."""
        return [f"{header.path}:{entry.line}: {entry.name}" for header in self.headers
                for entry in header.all() if not entry.text and (
                    entry.kind in ("class", "struct") or
                    header.path.removeprefix("iowq/") in FROM_C and entry.kind == "function")]


def location(node, what):
    found = node.find("location")
    return found.get(what) if found is not None else None


def has_text(node):
    parts = (node, *node.iter("enumvalue"))
    return any("".join(text.itertext()).strip() for part in parts
               for name in ("briefdescription", "detaileddescription")
               for text in part.findall(name))


def public_members(node):
    """Without those that all classes have, where nothing is said of them."""
    constructor = node.findtext("compoundname").split("::")[-1]
    usual = re.compile(rf"~|operator|{constructor}$")
    return [member for member in node.findall("sectiondef/memberdef")
            if member.get("prot") == "public" and member.get("kind") != "friend"
            and (has_text(member) or not usual.match(member.findtext("name")))
            and not (member.findtext("argsstring") or "").endswith("=delete")]


def entry_of(node):
    name = (node.findtext("qualifiedname") or node.findtext("compoundname") or
            node.findtext("name")).removeprefix("iowq::")
    if "@" in name:
        name = ", ".join(value.findtext("name") for value in node.iter("enumvalue"))
    return Entry(node.get("kind"), name, int(location(node, "line")), [node])


def merged(entries):
    """In the order of the header; a function without text belongs to the one before it, if that is
    of its name."""
    found = []
    for entry in sorted(entries, key=lambda entry: entry.line):
        if found and entry.name == found[-1].name and not has_text(entry.nodes[0]):
            found[-1].nodes += entry.nodes
        else:
            found.append(entry)
    return found


def value_of(node):
    """What a field begins with, where that is short."""
    found = node.find("initializer")
    value = "".join(found.itertext()) if found is not None else ""
    value = re.sub(r"^=\s*", " = ", value)
    return value if len(value) <= 40 else ""


def source_of(entry):
    node = entry.nodes[0]
    lines = (REPOSITORY / location(node, "file")).read_text().split("\n")
    return re.sub(r" *(//|/\*).*", "", lines[entry.line - 1]).strip()


def uses_of(entry, programs, methods):
    """Where programs use it first: at most three. A method whose name others have too is looked for
    with its class."""
    inside, _, name = entry.name.rpartition("::")
    if not inside:
        pattern = rf"\b{name}\b"
        if entry.kind == "struct" or entry.kind == "class":
            pattern = rf"iowq::{name}\b(?!::)|struct {name}\b"
    elif methods.count(name) > 1:
        pattern = rf"\b{entry.name}\("
    else:
        pattern = rf"(?:\.|->|::){name}\("
    found = []
    for program in programs:
        if inside and f"iowq::{inside}" not in program.text:
            continue
        for number, line in enumerate(program.lines, 1):
            if re.search(pattern, re.sub("//.*", "", line)):
                found.append((f"{page_of(program.path)}#L-{number}", f"{program.name}:{number}",
                              line.strip()))
                break
    return found[:3]
