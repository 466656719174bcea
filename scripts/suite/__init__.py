# SPDX-License-Identifier: MIT
"""The suite: one folder for each step. scripts/test/test_layers.py says which may import which."""
