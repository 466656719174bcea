# SPDX-License-Identifier: MIT
"""Makes runs: the cache, fio under a limit, what the machine counted; here or on several hosts."""
