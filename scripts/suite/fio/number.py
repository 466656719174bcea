# SPDX-License-Identifier: MIT
"""Numbers as fio reads them in a job file or on its command line."""

import re

DECIMAL = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")
HEXADECIMAL = re.compile(r"[ \t\n\v\f\r]*([+-]?(?:0x)?[0-9a-f]+)")
POSTFIX = re.compile(r"[+-]*[0-9]*([a-z%]*)")
POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
# `kib` is 1000 where `k` is 1024, and the other way round: fio's first versions called 1024 `k`,
# and old job files must go on meaning what they meant.
OTHER_BASE = {1024: 1000, 1000: 1024}
GREATEST = 2**63 - 1


def number(text, kb_base=1024):
    """What fio makes of an option such as iodepth, numjobs or size: the first value, or None.

    fio takes the digits at the start, then a postfix, and overlooks the rest: `08` is 8, `8.7` and
    `8 k` are 8, `4*1024` is 4, `1ki` is 1024. `0x` anywhere means hexadecimal, without a postfix.
    `kb_base` is the option of that name. None: fio refuses the text, or it is a percentage, or it
    is arithmetic in brackets, which only some builds of fio can do.
    """
    text = text.partition(",")[0].lower()
    is_hexadecimal = "0x" in text
    digits = (HEXADECIMAL if is_hexadecimal else DECIMAL).match(text)
    postfix = POSTFIX.match(text)[1]
    if not digits or postfix.startswith("%"):
        return None
    base = OTHER_BASE[kb_base] if postfix[1:3] == "ib" else kb_base
    value = int(digits[1], 16 if is_hexadecimal else 10) * base**POWERS.get(postfix[:1], 0)
    return value if abs(value) <= GREATEST else None
