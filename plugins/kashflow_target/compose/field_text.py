"""Text as an XML request can carry it: nothing is cut, and what is left out is not a character."""

import re

# Characters that XML 1.0 forbids (section 2.2 of its specification, Char). Neither lxml nor
# KashFlow's own parser takes them, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def allowed(text: str) -> str:
    """`text` without the characters that XML forbids.

    >>> allowed("a\\x00b\\x1fc")
    'abc'
    """
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """`text` on one line, runs of white space as one blank.

    >>> one_line(" Unit 4 \\n  Mill Lane ")
    'Unit 4 Mill Lane'
    """
    return " ".join(allowed(text).split())


def flat(text: str) -> str:
    """`text` with its lines joined by " / ".

    How KashFlow treats a line break in a description is not documented, and one client's author
    (KashFlow for WooCommerce) could not get them accepted; joined lines lose nothing.

    >>> flat("Business Hosting\\n\\n  01/09 - 30/09 ")
    'Business Hosting / 01/09 - 30/09'
    """
    lines = (one_line(line) for line in allowed(text).splitlines())
    return " / ".join(line for line in lines if line)
