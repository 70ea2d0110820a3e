"""Floor 4: a run as a page of HTML, to step through in a browser.

The page is one file that asks for nothing: `page_html` makes it of a trace, best of an explained one.
"""

from .page import MOST_SEGMENTS as MOST_SEGMENTS
from .page import page_html as page_html
from .page import write_page as write_page
