"""What a renderer and its worker say to each other: frames of four bytes of length and as many bytes of UTF-8.

A worker first writes one empty frame, when it is ready. Then each text is answered by one frame: DONE and the HTML, or
FAILED and the name of the error.
"""

import struct
from typing import Final

HEADER: Final = struct.Struct(">I")
DONE: Final = b"+"
FAILED: Final = b"-"


def frame(payload: bytes) -> bytes:
    return HEADER.pack(len(payload)) + payload
