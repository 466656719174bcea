# SPDX-License-Identifier: MIT
"""scripts/workers: what a process's workers did, by three ways to know."""
