# SPDX-License-Identifier: MIT
"""The ways in which a command ends early, each with one line for the user."""

import difflib
import os
import sys


class BadInput(Exception):
    """What was asked for cannot be done; the text says what is wrong and what is allowed."""


class FolderFailed(Exception):
    """The results folder no longer takes files: a full disk, or it went away."""


def meant(word, allowed):
    """` (did you mean punt?)`, or nothing where no allowed word is much like this one."""
    near = difflib.get_close_matches(word, list(allowed), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def exit_status(name, main):
    """Runs a command's `main` and returns the exit status: 2 for bad input, 1 for a failure."""
    sys.stdout.reconfigure(errors="replace")
    try:
        status = main()
        sys.stdout.flush()
        return status
    except BadInput as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except FolderFailed as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of stdout has gone; Python would complain of it again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
