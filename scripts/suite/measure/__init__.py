# SPDX-License-Identifier: MIT
"""Makes runs, here or on several hosts: sets the page cache, runs fio under a limit, counts."""
