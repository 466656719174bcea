# SPDX-License-Identifier: MIT
"""What a comparison ends with, and the report of one or two: one HTML file that needs no other."""

import importlib.util
import sys

from suite import places

# Before anything is measured that could then not be shown.
if not importlib.util.find_spec("jinja2"):
    sys.exit(f"{sys.executable} has no jinja2: {places.TO_SET_UP}, and start this command by its"
             " own path, which is with Debian's Python")
