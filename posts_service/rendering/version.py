"""The version of the rendering."""

from typing import Final

# Raised with every change that changes the HTML. A periodic job renders again what an older version has made.
RENDERER_VERSION: Final = 1
