# SPDX-License-Identifier: MIT
"""The report: one HTML file that needs nothing else, of one comparison or of two."""
