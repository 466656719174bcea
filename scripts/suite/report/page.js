/* SPDX-License-Identifier: MIT */
"use strict";

// Tables: a click on a column's title sorts by it, a second one the other way round.
for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
        const rising = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach(other => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => compared(a.cells[column], b.cells[column]) * (rising ? 1 : -1));
        table.tBodies[0].append(...rows);
    }));
}

function compared(a, b) {
    const [x, y] = [a, b].map(cell => parseFloat(cell.dataset.value));
    if (isNaN(x) || isNaN(y)) {
        // What has no figure stands behind what has one.
        return (isNaN(x) - isNaN(y)) || a.textContent.localeCompare(b.textContent);
    }
    return x - y;
}

// Charts: the point that is nearest to the pointer says what it is; arrow keys go along the points.
const told = document.getElementById("told");
const NEAR = 28;

// [[x, y, words]] of a chart's marks, from the top left corner in shares of its size; what words
// begin with is written once for all marks that follow each other.
function marksOf(chart) {
    const size = chart.querySelector("svg").viewBox.baseVal, marks = [];
    for (const [first, ...rest] of JSON.parse(chart.querySelector("script").textContent)) {
        for (let i = 0; i < rest.length; i += 3) {
            const words = rest[i + 2] ? first + "\n" + rest[i + 2] : first;
            marks.push([rest[i] / size.width, rest[i + 1] / size.height, words]);
        }
    }
    return marks;
}

function show(chart, point) {
    const box = chart.getBoundingClientRect();
    told.textContent = point[2];
    told.style.display = "block";
    const x = box.left + point[0] * box.width, y = box.top + point[1] * box.height;
    const left = Math.min(x + 12, document.documentElement.clientWidth - told.offsetWidth - 4);
    const above = y - told.offsetHeight - 10;
    told.style.left = Math.max(left, 4) + window.scrollX + "px";
    told.style.top = (above < 0 ? y + 14 : above) + window.scrollY + "px";
}

function hide() {
    told.style.display = "none";
}

for (const chart of document.querySelectorAll(".chart")) {
    const points = marksOf(chart);
    let current = -1;
    const point = event => {
        const box = chart.getBoundingClientRect();
        let best = null, least = NEAR * NEAR;
        for (const p of points) {
            const dx = box.left + p[0] * box.width - event.clientX;
            const dy = box.top + p[1] * box.height - event.clientY;
            if (dx * dx + dy * dy < least) {
                least = dx * dx + dy * dy;
                best = p;
            }
        }
        best ? show(chart, best) : hide();
    };
    chart.addEventListener("pointermove", point);
    chart.addEventListener("pointerdown", point);
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", event => {
        const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
        if (!step || !points.length) {
            return;
        }
        event.preventDefault();
        current = (current + step + points.length) % points.length;
        show(chart, points[current]);
    });
}
window.addEventListener("resize", hide);
