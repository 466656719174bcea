# SPDX-License-Identifier: MIT
"""What is in a picture that was drawn."""

import struct
import xml.etree.ElementTree as ElementTree
import zlib


def svg_text(path):
    return " ".join("".join(e.itertext()) for e in ElementTree.parse(path).iter()
                    if e.tag.endswith("text"))


def assert_png_with_colours(path):
    """A whole PNG whose pixels are not all alike."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 600 and height > 600
    at, pixels = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        pixels += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    assert len(set(zlib.decompress(pixels))) > 20
