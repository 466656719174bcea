# SPDX-License-Identifier: MIT
"""Charts as data, and the pictures that gnuplot makes of them."""
