# SPDX-License-Identifier: MIT
"""TOML files of the user's."""

import tomllib

from suite.errors import BadInput


def read_toml(path):
    """The document; raises BadInput with one line."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
