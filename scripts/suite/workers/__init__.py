# SPDX-License-Identifier: MIT
"""scripts/workers: what a process's workers did, by bpftrace, by tracefs or by looks at /proc."""
