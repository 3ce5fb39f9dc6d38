"""QR codes on pages."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """The QR code with this text, as an `svg` element that has no style of its own: black on white, with the white
    border that cameras need (ISO/IEC 18004)."""
    code = segno.make_qr(text, error="m")
    # It is made of numbers alone.
    return Markup(code.svg_inline(omitsize=True, light="#fff", svgclass=None, lineclass=None))  # noqa: S704
