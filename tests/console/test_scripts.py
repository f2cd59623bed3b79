"""Text that callers and reviewers write never runs: fifty texts in every place that a page may show it in."""

from __future__ import annotations

import dataclasses
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from playwright.sync_api import TimeoutError as NothingCame
from playwright.sync_api import expect

from service.api.control import clock
from service.bootstrap.stores import secrets, stores
from service.gateway.identity import digest
from service.model.account_day import AccountDay
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import event_id, text_id
from service.ports import AlertFilter, Commit
from service.review.highest import save
from tests.console.browser import browser, opened
from tests.console.hands import Mouse
from tests.console.pages import every
from tests.console.payloads import PAYLOADS, texts, traps
from tests.console.story import Story
from tests.contracts.factories import a_flag, a_signal
from tests.e2e.system import System, until
from tests.e2e.upstream import standin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.bootstrap.stores import Stores
    from tests.console.browser import Tab

pytestmark = pytest.mark.xdist_group("browser")

HARMFUL = """() => [...document.querySelectorAll("*")].flatMap(one => [...one.attributes]
  .filter(at => /^(on.*|srcdoc)$/.test(at.name) || (at.name == "style" && !one.closest(".chart[data-series]")) || (
    /^(href|src|action|formaction|data|xlink:href)$/.test(at.name) && /^\\s*(javascript|data|vbscript):/i.test(at.value)
  )).map(at => one.tagName + " " + at.name + "=" + at.value))"""
"""Attributes of the page that run or restyle something; the console has none, but where a chart is drawn by script."""


NAMED = ("queue", "suppressions", "coverage")
"""Pages that show again what their address asks for."""


def _key(number: int) -> str:
    return f"sk-test-{number}"


def _options(folder: Path) -> dict[str, Any]:
    """An installation whose accounts are named by the texts."""
    system = System(folder)
    folder.mkdir(parents=True)
    pepper = secrets(system.settings).pepper
    names = {digest(pepper, _key(number).encode()): {"account": text} for number, text in enumerate(texts())}
    (folder / "names.yaml").write_text(yaml.safe_dump({"keys": names}))
    return {"content": "full", "identity": {"map": str(folder / "names.yaml")}}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Every text as an account's name, prompt, user agent and model, in a flag, and wherever a reviewer writes."""
    folder = tmp_path_factory.mktemp("poisoned") / "data"
    options = _options(folder)
    with standin() as upstream, System(folder, upstream, options) as system:
        for number, text in enumerate(texts()):
            _ask(system, number, text)
        held = stores(system.settings)
        until(lambda: held.records.counts()["events"] == len(PAYLOADS), "the queries are in the log")
        _flag(held)
        until(lambda: len(_alerts(held)) == len(PAYLOADS), "the flags are gathered into alerts")
        for address, text in zip(_alerts(held), texts(), strict=True):
            _post(system, f"/api/v1/alerts/{address}/notes", {"text": text})
        held.close()
        for number, text in enumerate(texts()):
            _write(system, number, text)
        yield system


def _ask(system: System, number: int, text: str) -> None:
    headers = {"Authorization": f"Bearer {_key(number)}", "User-Agent": text, "Content-Type": "application/json"}
    body = {"model": text, "messages": [{"role": "user", "content": text}], "user": text}
    address = f"http://127.0.0.1:{system.listen}/v1/chat/completions"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        answer.read()


def _flag(held: Stores) -> None:
    """A flag of each account, about its query, with the text among its reasons too; it sets the threshold besides."""
    flags = []
    for text in texts():
        entity = Entity(Scope.ACCOUNT, text)
        (event,) = held.records.extract(entity, 2**62, 10)
        flags.append(
            dataclasses.replace(
                a_flag(), id=text_id(event_id(event.done)), entity=entity, severity=Severity.MEDIUM,
                reasons=(a_signal(text=text, unit=text),), against={"rerun": text}, flagged_at=event.done,
                events=(text_id(event.id),), versions={"rule": text, "baseline": text},
            )
        )  # fmt: skip
    held.checkpoint.commit(Commit(flags=flags))
    days = [AccountDay(flag.entity.value, flag.flagged_at, 320, 0.9) for flag in flags]
    save(held.baselines, "v", days, clock())


def _alerts(held: Stores) -> list[str]:
    return [alert.id for alert in held.alerts.alerts(AlertFilter(), None, 100).items]


def _write(system: System, number: int, text: str) -> None:
    """The text in every form that is kept and shown: decision, appeal, suppression, declared job, view and token."""
    decision = {"scope": "account", "value": text, "kind": "annotate", "reason": text}
    made = _post(system, "/api/v1/decisions", decision)["id"]
    _post(system, "/api/v1/appeals", {"decision": made, "statement": text})
    until = time.time() + 3600
    owned = {"owner": text, "reason": text, "until": until}
    _post(system, "/api/v1/suppressions", {"scope": "account", "value": text, **owned})
    _post(system, "/api/v1/declarations", {"account": text, "job": "batch", "budget": 9, **owned})
    # A view's name is a part of addresses, and so without these three.
    name = text.translate(str.maketrans("/?#", "   "))[:60]
    _post(system, "/api/v1/views", {"name": f"{number} {name}"[:64], "query": urlencode({"entity": text})})
    _post(system, "/api/v1/tokens", {"role": "viewer", "note": text})
    for noun, document in (
        ("destinations", {"name": text, "channel": "webhook", "url": "https://hooks.example/"}),
        ("users", {"name": text, "role": "viewer"}),
    ):
        assert _status(system, f"/api/v1/{noun}", document) in {409, 422}, "a name that takes no markup took it"


def _status(system: System, path: str, document: dict[str, Any]) -> int:
    try:
        _post(system, path, document)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    return 200


def _post(system: System, path: str, document: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {system.token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{system.control}{path}"
    request = urllib.request.Request(address, json.dumps(document).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")


def _clean(tab: Tab) -> None:
    """Nothing ran, nothing was stopped, nobody else was asked, and the page has no place where something could run."""
    assert (tab.ran(), tab.errors, tab.foreign, tab.page.evaluate(HARMFUL)) == ([], [], [], [])


def test_nothing_runs(poisoned: System) -> None:
    """0 of 50 texts run on any page, revealed prompts included."""
    with browser() as chromium, opened(chromium, f"http://127.0.0.1:{poisoned.control}") as tab:
        Story(poisoned, tab.page, Mouse(tab.page), poisoned.token).sign_in()
        expect(tab.page.locator("#queue tbody tr")).to_have_count(len(PAYLOADS))
        _clean(tab)
        alerts = [link.get_attribute("href") or "" for link in tab.page.locator("#queue a.open").all()]
        for address in alerts:
            _reveal(tab, address)
        accounts = [link.get_attribute("href") or "" for link in _links(tab, "/console/accounts")]
        assert len(set(accounts)) >= len(PAYLOADS)
        named = [f"/console/{page}?scope=account&entity={quote(text)}" for page in NAMED for text in texts()[::10]]
        for address in (*accounts, *named, *every(tab.page)):
            tab.page.goto(address)
            _clean(tab)
        for text in texts():
            assert _shown(tab, "/console/appeals", text), f"the page of appeals does not have {text}"


def _shown(tab: Tab, address: str, text: str) -> bool:
    """Whether the page has the text as text."""
    if tab.page.url.partition("?")[0].rpartition("/")[2] != address.rpartition("/")[2]:
        tab.page.goto(address)
    return text in (tab.page.locator("main").text_content() or "")


def _links(tab: Tab, page: str) -> Any:
    tab.page.goto(page)
    return tab.page.locator("main table a[href*='/accounts/']").all()


def _reveal(tab: Tab, address: str) -> None:
    """The alert, and then its prompts in full."""
    tab.page.goto(address)
    name = (tab.page.locator("#alert").get_attribute("data-entity")) or ""
    assert name in texts()
    _clean(tab)
    tab.page.fill("#reveal input[name=reason]", name)
    tab.page.click("#reveal button")
    expect(tab.page.locator("#samples pre").first).to_have_text(name)
    _clean(tab)


def test_every_text_would_run() -> None:
    """Each of the fifty runs where a page does not escape it, and is seen to: the test above can fail."""
    with browser() as chromium, opened(chromium, "about:") as tab:
        silent = [number for number, trap in enumerate(traps()) if not _runs(tab, number, trap)]
    assert silent == []
    assert len({text for _, text in PAYLOADS}) == 50


def _runs(tab: Tab, number: int, trap: str) -> bool:
    tab.page.goto("about:blank")
    tab.page.set_content(f"<!doctype html>{trap}", wait_until="load")
    for link in tab.page.get_by_text("go", exact=True).all():
        link.click()
    ran = "number => window.__ran.includes(String(number))"
    try:
        return bool(tab.page.wait_for_function(ran, arg=number, timeout=10_000))
    except NothingCame:
        return False
