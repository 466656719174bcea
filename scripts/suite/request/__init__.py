# SPDX-License-Identifier: MIT
"""What is asked for: the command line, a plan file, job files, modes, and the runs of these."""
