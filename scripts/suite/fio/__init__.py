# SPDX-License-Identifier: MIT
"""What fio reads and writes: numbers, job files, JSON documents, logs. Knows of no comparison."""
