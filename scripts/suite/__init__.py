# SPDX-License-Identifier: MIT
"""The suite, a folder a step; scripts/test/test_layers.py says which may import which.

request   What is asked for: the command line, a plan file, job files, modes, the runs of these.
fio       What fio reads and writes: numbers, job files, JSON documents, logs.
measure   Makes runs, here or on several hosts: the page cache, fio under a limit, counts.
store     A results folder: what is kept of a comparison, and how --resume reads it back.
analyse   What runs show: figures of each point, intervals, ratios, the verdict.
draw      Charts as data, and the pictures that gnuplot makes of them.
report    What a comparison ends with, and the report of one or several: an HTML file.
workers   What a process's workers did, by bpftrace, by tracefs or by looks at /proc.
"""
