# SPDX-License-Identifier: MIT
"""A results folder: what is kept of a comparison, and how --resume reads it back."""
