# SPDX-License-Identifier: MIT
"""What a comparison ends with, and the report of one or two: one HTML file that needs no other."""
