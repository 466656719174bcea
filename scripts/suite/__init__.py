# SPDX-License-Identifier: MIT
"""The suite, a folder a step; what one folder may import stands in scripts/test/test_layers.py."""
