# SPDX-License-Identifier: MIT
"""What runs show: figures of each point, intervals, ratios, the verdict."""
