# SPDX-License-Identifier: MIT
"""The repository's Markdown and source files as pages of the site.

Files are named by their path in the repository. A page's links are as GitHub takes them: relative
to the file, with the anchors that GitHub gives to headings.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from posixpath import normpath

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound
from suite.errors import BadInput

REPOSITORY = Path(__file__).resolve().parents[2]
# Pages that are not named after their file.
NAMES = {"README.md": "index.html", "iowq/README.md": "contract.html",
         "iowq/example": "examples.html"}
PICTURES = {".svg", ".png"}
# Files that are linked to where a document names them in code.
SHOWN = {".h", ".cc", ".c", ".fio", ".toml", ".py", ".md"}


@dataclass
class Section:
    """What a search finds: a heading, and the plain text below it."""

    level: int
    title: str
    anchor: str
    text: str = ""


@dataclass
class Page:
    """One page of the site."""

    name: str
    title: str
    body: Markup
    sections: list = field(default_factory=list)
    files: list = field(default_factory=list)  # that it links to
    pictures: list = field(default_factory=list)  # that it shows
    path: str = ""  # the file that it shows


def page_of(path):
    """The name of the page that shows a file or a folder of the repository."""
    if path in NAMES:
        return NAMES[path]
    folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
    if name == "README.md":
        return f"{folder.name}.html"
    if path.endswith(".md"):
        return f"{PurePosixPath(path).stem.lower()}.html"
    return f"source-{path.replace('/', '-')}.html"


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class Anchors:
    """Those of one page: a heading that comes again gets a number, as on GitHub."""

    def __init__(self):
        self.seen = {}

    def of(self, heading):
        anchor = slug(heading)
        number = self.seen.get(anchor)
        self.seen[anchor] = 0 if number is None else number + 1
        return anchor if number is None else f"{anchor}-{number + 1}"


class Bare(HtmlFormatter):
    """Only the words, each with a class that says its kind."""

    def wrap(self, source):
        return source


def coloured(code, lexer, **options):
    return Markup(highlight(code, lexer, Bare(**options)).rstrip())


def listing(code, language):
    """A block of code, which scrolls in itself. A `language` that is not known has no colours."""
    try:
        inner = coloured(code, get_lexer_by_name(language))
    except ClassNotFound:
        inner = escape(code)
    return Markup('<pre tabindex="0"><code>{}</code></pre>\n').format(inner)


class Renderer:
    """Makes a page of a Markdown file. `names`: {a name of the library: the link to it}."""

    def __init__(self, names):
        self.names = names
        self.markdown = MarkdownIt("commonmark").enable("table")
        for kind in ("fence", "code_block", "code_inline", "heading_open", "heading_close",
                     "link_open", "link_close", "image", "table_open", "table_close",
                     "html_block"):
            self.markdown.add_render_rule(
                kind, lambda _, tokens, at, _options, env, rule=getattr(self, kind):
                str(rule(tokens[at], env)))

    def page(self, path):
        text = (REPOSITORY / path).read_text()
        found = Page(page_of(path), "", Markup(), path=path)
        env = {"path": path, "page": found, "linked": False}
        tokens = self.markdown.parse(text, env)
        self.find_sections(tokens, found)
        found.title = found.sections[0].title
        found.body = Markup(self.markdown.renderer.render(tokens, self.markdown.options, env))
        return found

    def find_sections(self, tokens, found):
        anchors = Anchors()
        for at, token in enumerate(tokens):
            if token.type == "heading_open":
                title = plain(tokens[at + 1])
                token.meta["anchor"] = anchors.of(title)
                found.sections.append(Section(int(token.tag[1:]), title, token.meta["anchor"]))
            elif found.sections and token.type in ("inline", "fence", "code_block"):
                if at and tokens[at - 1].type != "heading_open":
                    found.sections[-1].text += f"{plain(token)} "

    # ---- one for each kind of token that is not shown as usual

    def fence(self, token, _env):
        return listing(token.content, token.info.strip())

    def code_block(self, token, _env):
        return listing(token.content, "")

    def code_inline(self, token, env):
        code = Markup("<code>{}</code>").format(token.content)
        link = None if env["linked"] else self.names.get(token.content.removesuffix("()"))
        if not link and not env["linked"] and (path := named(token.content, env["path"])):
            env["page"].files.append(path)
            link = page_of(path)
        return Markup('<a href="{}">{}</a>').format(link, code) if link else code

    def heading_open(self, token, env):
        env["linked"] = True  # no links in headings
        return Markup('<{} id="{}">').format(token.tag, token.meta["anchor"])

    def heading_close(self, token, env):
        env["linked"] = False
        return f"</{token.tag}>\n"

    def link_open(self, token, env):
        env["linked"] = True
        return Markup('<a href="{}">').format(self.target(token.attrGet("href"), env))

    def link_close(self, _token, env):
        env["linked"] = False
        return "</a>"

    def image(self, token, env):
        path = self.file(token.attrGet("src"), env["path"])
        env["page"].pictures.append(path)
        name = PurePosixPath(path).name
        return Markup('<a href="{}"><img src="{}" alt="{}"></a>').format(name, name, token.content)

    def table_open(self, _token, _env):
        return '<div class="wide" tabindex="0"><table>\n'

    def table_close(self, _token, _env):
        return "</table></div>\n"

    def html_block(self, token, env):
        if not token.content.startswith("<!--"):
            raise BadInput(f"{env['path']}: HTML other than comments is not shown by the site")
        return ""

    # ---- where a link leads

    def target(self, link, env):
        if "://" in link:
            return link
        path, _, anchor = link.partition("#")
        anchor = f"#{anchor}" if anchor else ""
        if not path:
            return anchor
        path = self.file(path, env["path"])
        if PurePosixPath(path).suffix in PICTURES:
            env["page"].pictures.append(path)
            return PurePosixPath(path).name
        env["page"].files.append(path)
        return page_of(path) + anchor

    def file(self, link, path):
        found = normpath(PurePosixPath(path).parent / link)
        if (REPOSITORY / found / "README.md").exists():
            return f"{found}/README.md"
        if not (REPOSITORY / found).exists():
            raise BadInput(f"{path}: a link to {link}, which is not there")
        return found


def named(words, path):
    """The file that a document names, from its own folder or the repository; a job without its
    suffix."""
    folder = PurePosixPath(path).parent
    for found in (f"{folder}/{words}", f"{folder}/{words}.fio", words):
        file = REPOSITORY / found
        if re.fullmatch(r"[\w./-]+", words) and file.suffix in SHOWN and file.is_file():
            return normpath(found)
    return None


def plain(token):
    """The words of a token, without their marks."""
    if not token.children:
        return token.content if token.type != "softbreak" else " "
    return "".join(plain(child) for child in token.children)


def source(path):
    """A page with a source file, each of whose lines has an anchor: L-1, L-2, ..."""
    text = (REPOSITORY / path).read_text()
    name = PurePosixPath(path).name
    try:
        lexer = get_lexer_for_filename(name)
    except ClassNotFound:
        lexer = get_lexer_by_name("ini" if name.endswith(".fio") else "text")
    code = coloured(text, lexer, linespans="L")
    body = Markup('<h1 id="{}">{}</h1>\n<pre tabindex="0" class="source"><code>{}</code></pre>\n')
    about = " ".join(re.findall(r"^(?://|#|;|\*) (?!SPDX)(.*)$", text, re.M))
    return Page(page_of(path), path, body.format(slug(name), path, code),
                [Section(1, path, slug(name), about)], path=path)
