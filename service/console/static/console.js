// The keyboard, the queue's renewal, and local times. Every page is whole without this file.
"use strict";
(() => {
  const root = document.body.dataset.root;
  const byId = (id) => document.getElementById(id);
  const lines = () => [...document.querySelectorAll("tr[data-line]")];
  const RENEW = 2000; // milliseconds
  let here = location.hash.slice(1);
  let began = "";

  function mark() {
    for (const line of lines()) line.classList.toggle("here", line.id === here);
  }

  function move(step) {
    const all = lines();
    if (!all.length) return;
    const at = all.findIndex((line) => line.id === here);
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    here = next.id;
    mark();
    next.querySelector("a.open").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    keep();
  }

  // The line and the selection are in the address, so that going back or sharing it finds them again.
  function keep() {
    const address = new URL(location.href);
    const boxes = document.querySelectorAll('input[name="select"][type="checkbox"]');
    if (boxes.length) {
      address.searchParams.delete("select");
      for (const box of boxes) if (box.checked) address.searchParams.append("select", box.value);
    }
    address.hash = here;
    history.replaceState(null, "", address);
    tell();
  }

  function tell() {
    const note = byId("selected");
    if (!note) return;
    const count = document.querySelectorAll('input[name="select"]:checked').length;
    note.textContent = count === 1 ? "1 selected alert:" : `${count} selected alerts:`;
  }

  function pick() {
    const box = lines().find((line) => line.id === here)?.querySelector('input[type="checkbox"]');
    if (box) { box.checked = !box.checked; keep(); }
  }

  function press(id) { byId(id)?.click(); }
  function goTo(id) {
    const field = byId(id);
    if (!field) return false;
    field.scrollIntoView({ block: "center" });
    field.focus();
    return true;
  }

  function bulk(verb) {
    if (!document.querySelector('input[name="select"]:checked')) pick();
    document.querySelector(`#bulk button[value="${verb}"]`)?.click();
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: pick,
    Enter: () => lines().find((line) => line.id === here)?.querySelector("a.open").click(),
    a: () => (byId("claim") ? press("claim") : bulk("claim")),
    c: () => goTo("verdict") || document.querySelector('#bulk select[name="verdict"]')?.focus(),
    e: () => press("wait"),
    n: () => goTo("note"),
    s: () => {
      const of = byId("alert")?.dataset;
      if (of) location.href = `${root}/suppressions?scope=${of.scope}&entity=${encodeURIComponent(of.entity)}#suppress`;
    },
    "/": () => goTo("search") || (location.href = `${root}/queue#search`),
    "?": () => byId("keys").showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    if (target.matches("input:not([type=checkbox]), select, textarea") || byId("keys").open) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.key === "Enter" && target.matches("a, button, summary, input")) return;
    const going = began === "g" && { q: "/queue", o: "", a: "/accounts", d: "/decisions" }[event.key];
    began = event.key === "g" ? "g" : "";
    if (typeof going === "string") { location.href = root + going; return; }
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  document.addEventListener("change", (event) => { if (event.target.name === "select") keep(); });

  function localTimes() {
    for (const time of document.querySelectorAll("time[datetime]:not([data-local])")) {
      time.dataset.local = "";
      time.title += `, ${new Date(time.dateTime).toLocaleString()} here`;
    }
  }

  async function renew() {
    const live = document.querySelector("[data-live]:not([data-still])");
    if (live && !document.hidden) {
      const focus = document.activeElement?.closest("tr[data-line]")?.id;
      await htmx.ajax("GET", location.pathname + location.search, { target: "#live", select: "#live", swap: "outerMorph" });
      mark();
      tell();
      localTimes();
      if (focus && !document.activeElement?.closest("tr")) byId(focus)?.querySelector("a.open").focus({ preventScroll: true });
    }
    setTimeout(renew, RENEW);
  }

  mark();
  tell();
  localTimes();
  if (location.hash === "#search") goTo("search");
  if (document.querySelector("[data-live]:not([data-still])")) setTimeout(renew, RENEW);
})();
