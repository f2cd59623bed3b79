"""Slack, Teams, Discord, PagerDuty and mail, through Apprise."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import apprise

from service.notify import reach

FIXED = frozenset({"slack", "pagerduty", "discord", "workflows", "opsgenie"})
"""Schemes whose host is the service's own. Others could be pointed at any address."""
MAIL = {"mailto": 587, "mailtos": 465}
"""Schemes with a mail server, and its port where none is given."""


def check(url: str, *, private: bool) -> None:
    """Whether the URL is one that is sent to.

    Raises
    ------
    NotReached
        Another scheme, no valid URL, or a mail server on a private address.

    """
    parts = urlsplit(url)
    if parts.scheme in MAIL:
        host = parse_qs(parts.query).get("smtp", [parts.hostname or ""])[0]
        reach.address(host, parts.port or MAIL[parts.scheme], private=private)
    elif parts.scheme not in FIXED:
        known = ", ".join(f"{scheme}://" for scheme in sorted(FIXED | MAIL.keys()))
        raise reach.NotReached(f"an Apprise URL begins with one of {known}")
    if apprise.Apprise.instantiate(url) is None:
        raise reach.NotReached(f"not a valid {parts.scheme}:// URL, as Apprise writes it")


def send(url: str, *, title: str, text: str, private: bool) -> None:
    """Deliver a message once.

    Raises
    ------
    NotReached
        It was not taken.

    """
    check(url, private=private)
    target = apprise.Apprise()
    target.add(url)
    if not target.notify(title=title, body=text):
        raise reach.NotReached(f"{urlsplit(url).scheme} did not take it")
