# SPDX-License-Identifier: MIT
"""Pictures in pages: few bytes, and the look that gnuplot gave them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS
from suite.analyse.summary import summarise
from suite.draw import charts, gnuplot
from suite.draw.gnuplot import COLOURS
from suite.errors import FolderFailed
from suite.report.pictures import Pictures, commands, thinned

MODES = ["fio:psync", "inline", "sqwq", "punt", "uring", "fio:libaio"]
REFERENCE = SCRIPTS.parent / "results/reference"
MOST_BYTES = 3_000_000  # 26 loads with seven charts each
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
LOOK = 'fill="none" color="black" stroke="currentColor" stroke-width="1.00"'


def test_the_report_of_the_reference_run_is_small(tmp_path):
    folder = tmp_path / "reference"
    (folder / "charts").mkdir(parents=True)
    for name in ("plan.json.xz", "env.json", "runs.jsonl.xz"):
        shutil.copy(REFERENCE / name, folder)
    done = subprocess.run([str(SCRIPTS / "report"), str(folder)], capture_output=True, text=True,
                          timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    assert 100_000 < (folder / "report.html").stat().st_size < MOST_BYTES


def picture(drawn, height=100):
    """(what a page has of a picture with `drawn` in it, the rules of its looks)"""
    pictures = Pictures()
    svg = f'<svg {NAMESPACES} viewBox="0 0 560 100"><g {LOOK}>{drawn}</g></svg>'
    return str(pictures.add(svg, height)), str(pictures.style())


@pytest.mark.parametrize("drawn, markup, rules", [
    ("<path stroke='rgb(  0, 114, 178)' d='M1.00,2.00 L3.04,1.50  '/>", 'd="m10 20 20-5"',
     "fill:none;stroke:var(--c6);stroke-width:10"),
    ("<path stroke='#123456' stroke-dasharray='3.2,5.1' d='M1,2 L3,2 M1,4 L3,4'/>",
     'd="m10 20 20 0m-20 20 20 0"', "stroke:#123456;stroke-width:10;stroke-dasharray:32 51"),
    ("<g stroke='none'><polygon fill='rgb(255,255,255)' points='1,1 1,3 2,3'/></g>",
     'd="m10 10 0 20 10 0z"', "{fill:var(--paper)}"),
    ("<use xlink:href='#gpPt6' transform='translate(5.00,6.00) scale(2.00)' color='#0072b2'/>",
     'd="m50 60 0 0"', "stroke:var(--c6);stroke-linecap:round;stroke-width:43"),
    ("<use xlink:href='#gpPt4' transform='translate(5.00,6.00) scale(2.00)' color='#0072b2'/>",
     '<use href="#p0" x="50" y="60"/>', "fill:none;color:var(--c6)"),
    # A dot, as gnuplot 6 draws a single point of a line.
    ("<use xlink:href='#gpDot' x='5.00' y='6.00' color='#0072b2'/>",
     '<use href="#p0" x="50" y="60"/>', "fill:none;color:var(--c6)"),
    ("<g transform='translate(7.00,8.00)' stroke='none' fill='rgb(26,26,26)' font-size='19.00' "
     "text-anchor='end'><text>a &lt;b&gt;</text></g>",
     '<text x="70" y="80">a &lt;b&gt;</text>',
     "fill:var(--ink);font-size:190px;text-anchor:end")])
def test_what_gnuplot_draws_is_said_in_short(drawn, markup, rules):
    found, style = picture(drawn)
    assert markup in found and rules in style


def test_a_look_is_written_once_however_often_it_is_met():
    _, style = picture("<path d='M1,2 L3,4'/><g transform='translate(1,2)' fill='#123456' "
                       "font-size='16.00' text-anchor='start'><text>a</text></g>"
                       "<path d='M3,4 L5,6'/>")
    assert style.count("stroke-width") == 1


def test_a_line_that_several_panels_show_is_drawn_once():
    line = " L".join(f"{x},{x % 7}.25" for x in range(20))
    moved = " L".join(f"{x + 100}.02,{x % 7 + 30}.24" for x in range(20))
    other = " L".join(f"{x + 100}.02,{(x + 1) % 7 + 30}.24" for x in range(20))
    found, _ = picture("".join(f"<path d='M{one}'/>" for one in (line, moved, other)))
    assert found.count("<path") == 2 and found.count("<use") == 1
    assert 'id="l1"' in found and '<use href="#l1" x="1000" y="300"/>' in found


def test_what_stands_below_a_picture_is_left_out():
    words = "".join(f"<g transform='translate(1.00,{y})' fill='#123456' font-size='16.00' "
                    f"text-anchor='start'><text>at {y}</text></g>" for y in (40, 90))
    found, _ = picture(words, height=60)
    assert "at 40" in found and "at 90" not in found and 'viewBox="0 0 5600 600"' in found


def test_an_element_that_is_not_known_is_refused():
    with pytest.raises(FolderFailed, match="<image>"):
        picture("<image/>")


@pytest.mark.parametrize("places, kept", [
    ([(0, 0), (50, 1), (100, 0)], [(0, 0), (100, 0)]),
    ([(0, 0), (50, 9), (100, 0)], [(0, 0), (50, 9), (100, 0)]),
    ([(0, 0), (60, 0), (60, 80), (60, 100)], [(0, 0), (60, 0), (60, 100)]),
    ([(0, 0), (100, 0), (50, 0)], [(0, 0), (100, 0), (50, 0)]),
    ([(5, 5), (5, 5)], [(5, 5), (5, 5)]), ([(5, 5)], [(5, 5)])])
def test_only_points_that_lie_on_a_line_are_left_out(places, kept):
    assert thinned(places) == kept


def test_strokes_begin_where_the_one_before_ended_or_began():
    strokes = [([(1, 1), (2, 1), (2, 2)], True), ([(5, 5), (4, 4)], False), ([(4, 5)], False)]
    assert commands(strokes) == "m10 10 10 0 0 10zm40 40-10-10m0 10"


COMPARE = """
    const [first, second, width, height, done] = arguments;
    const pixels = url => new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = () => {
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [width, height];
            const context = canvas.getContext("2d");
            context.fillStyle = "white";
            context.fillRect(0, 0, width, height);
            context.drawImage(image, 0, 0, width, height);
            resolve(context.getImageData(0, 0, width, height).data);
        };
        image.onerror = () => reject(url.slice(0, 200));
        image.src = "data:image/svg+xml," + encodeURIComponent(url);
    });
    Promise.all([pixels(first), pixels(second)]).then(([a, b]) => {
        let far = 0, inked = 0;
        for (let i = 0; i < a.length; i += 4) {
            const apart = Math.max(...[0, 1, 2].map(c => Math.abs(a[i + c] - b[i + c])));
            far += apart > 100;
            inked += a[i] + a[i + 1] + a[i + 2] < 700;
        }
        done([far, inked]);
    }, done);"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """[(Figure, the path of gnuplot's SVG)] of every kind of chart of a comparison."""
    path = tmp_path_factory.mktemp("drawn")
    folder = synthetic.results(path / "r", MODES, traced=True)
    plan = folder.read_plan()
    made = charts.figures(plan, folder.read_json("env.json"),
                          summarise(folder.finished(), plan["baseline"]))
    for name, _, figure in made:
        for file, content in gnuplot.files(name, figure).items():
            Path(path, file).write_text(content)
    gnuplot.draw(path, [name for name, _, _ in made], ("svg",))
    return [(figure, path / f"{name}.svg") for name, _, figure in made]


def test_a_page_shows_what_gnuplot_drew(browser, drawn):
    """Pixel by pixel; a line may lie a fraction of a pixel beside gnuplot's."""
    pictures = Pictures()
    shown = [str(pictures.add(path.read_text(), figure.height)) for figure, path in drawn]
    colours = "".join(f"--{name}:{light};" for name, (light, _) in COLOURS.items())
    style = re.sub(r"\.chart ", "", f"svg{{{colours}}}{pictures.style()}")
    browser.set_script_timeout(60)
    for (figure, path), markup in zip(drawn, shown):
        alone = markup.replace("<svg ", f'<svg {NAMESPACES} width="560" height="{figure.height}" '
                               "class=\"chart\" ", 1)
        alone = alone.replace(">", f"><style>{style}</style>{pictures.definitions()}", 1)
        far, inked = browser.execute_async_script(COMPARE, path.read_text(), alone, 560,
                                                  figure.height)
        assert inked > 3000 and far < 0.02 * inked, f"{path.name}: {far} of {inked}"
