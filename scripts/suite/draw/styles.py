# SPDX-License-Identifier: MIT
"""How each mode is drawn, in every chart that has a key the same."""

from suite.draw.figure import (BLACK, BLUE, DASHED, DOTTED, GREEN, ORANGE, PURPLE, RED, SKY, SOLID,
                               Style)

# Colours are positions in gnuplot's colour-blind-safe sequence `podo`. The colour says what is done
# with an I/O. Filled points and solid lines are this project's library (with a cross inside: its
# io_uring, under fio's own engine), hollow points and dashed lines the kernel through the same
# engine, thin or crossed points and dotted lines fio's own engines. No two modes have the same
# point.
STYLES = {
    "inline": Style(BLACK, 7, SOLID),
    "sqthread": Style(ORANGE, 9, SOLID),
    "handoff": Style(SKY, 15, SOLID),
    "sqwq": Style(BLUE, 5, SOLID),
    "punt": Style(GREEN, 13, SOLID),
    "hashed": Style(RED, 11, SOLID),
    "acall": Style(PURPLE, (7, 7), SOLID),
    "acall_pool": Style(PURPLE, (5, 5), SOLID),
    "uring": Style(GREEN, 12, DASHED),
    "uring_async": Style(BLUE, 4, DASHED),
    "uring_sqpoll": Style(ORANGE, 8, DASHED),
    "uring_defer": Style(SKY, 6, DASHED),

    "iowq:io_uring": Style(GREEN, (7, 2), SOLID),
    "iowq:io_uring+force_async=1": Style(BLUE, (7, 3), SOLID),
    "iowq:io_uring+sqthread_poll=1": Style(ORANGE, (7, 1), SOLID),

    "fio:psync": Style(BLACK, 1, DOTTED),
    "fio:io_uring": Style(GREEN, 2, DOTTED),
    "fio:io_uring+force_async=1": Style(BLUE, 3, DOTTED),
    "fio:io_uring+sqthread_poll=1": Style(ORANGE, (6, 1), DOTTED),
    "fio:libaio": Style(PURPLE, (4, 2), DOTTED),
    "fio:posixaio": Style(PURPLE, (6, 2), DOTTED),
    "fio:psync+io_submit_mode=offload": Style(BLACK, (4, 1), DOTTED),
}

# For modes that are not in the table (options of the user's own), in the order in which they are
# asked for. There are ten points and seven colours, so only the 71st is the first again.
SPARE_POINTS = [((9, 9), SOLID), (14, DASHED), ((13, 13), SOLID), (10, DASHED), ((11, 11), SOLID),
                ((12, 7), DASHED), ((15, 15), SOLID), ((8, 7), DASHED), ((4, 7), DASHED),
                ((6, 7), DASHED)]
SPARE_COLOURS = [RED, SKY, PURPLE, ORANGE, BLUE, GREEN, BLACK]
SPARE_STYLES = [Style(colour, point, dash)
                for colour, (point, dash) in zip(10 * SPARE_COLOURS, 7 * SPARE_POINTS)]


def styles(names):
    """{mode: Style}: a mode of the table has its own, each other one takes the next spare one."""
    others = [name for name in names if name not in STYLES]
    spare = {name: SPARE_STYLES[i % len(SPARE_STYLES)] for i, name in enumerate(others)}
    return {name: STYLES.get(name) or spare[name] for name in names}
