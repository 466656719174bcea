# SPDX-License-Identifier: MIT
"""The comparison suite, one module a step: plan, run, stats, plot, environment."""
