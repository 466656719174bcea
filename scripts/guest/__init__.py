# SPDX-License-Identifier: MIT
"""Machines with several NUMA nodes under QEMU, and the tests that run inside them."""
