// Charts: each draws what its element's data-series holds; the table beside it has the same numbers.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const INK = { flag: "--high", decision: "--accent", review: "--line-strong" };

  function marks(happenings) {
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.lineWidth = devicePixelRatio;
      for (const [at, kind] of happenings) {
        const x = plot.valToPos(at, "x", true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.strokeStyle = colour(INK[kind]);
        ctx.setLineDash(kind === "flag" ? [] : [4, 4]);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    };
  }

  // Hours from 0 to 24 and the day where it changes, in UTC, whatever the browser's language.
  function moments(_, splits, __, ___, step) {
    return splits.map((seconds, i) => {
      const text = new Date(seconds * 1000).toISOString();
      const day = i === 0 || text.slice(0, 10) !== new Date(splits[i - 1] * 1000).toISOString().slice(0, 10);
      const time = step < 60 ? text.slice(11, 19) : text.slice(11, 16);
      return day ? `${time}\n${text.slice(0, 10)}` : time;
    });
  }

  // Half a bar at either end, so that the first and the last are whole.
  const room = (at) => (at.length > 1 ? (at[at.length - 1] - at[0]) / (at.length - 1) / 2 || 1 : 1);

  function draw(element) {
    const { at, queries, score, marks: happenings } = JSON.parse(element.dataset.series);
    const axis = (more) => ({ stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, ...more });
    new uPlot({
      width: element.clientWidth - 16,
      height: 220,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      cursor: { y: false },
      scales: { x: { time: true, range: (_, low, high) => [low - room(at), high + room(at)] }, score: { range: [0, 1] }, queries: { range: (_, low, high) => [0, Math.max(high, 1)] } },
      axes: [axis({ values: moments, space: 80 }), axis({ scale: "queries", label: "queries", size: 60 }), ...(score.length ? [axis({ scale: "score", side: 1, grid: { show: false }, label: "score", size: 50 })] : [])],
      series: [
        { label: "UTC", value: (_, seconds) => (seconds === null ? "-" : new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")) },
        { label: element.dataset.label, scale: "queries", stroke: colour("--series-a"), fill: `${colour("--series-a")}33`, paths: uPlot.paths.bars({ size: [0.6, 24, 2] }), points: { show: false } },
        ...(score.length ? [{ label: "score", scale: "score", stroke: colour("--series-b"), width: 2, points: { size: 5 } }] : []),
      ],
      hooks: { draw: [marks(happenings)] },
    }, score.length ? [at, queries, score] : [at, queries], element);
  }

  function all() {
    for (const element of document.querySelectorAll(".chart[data-series]")) {
      element.replaceChildren();
      draw(element);
    }
  }

  all();
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(all, 150); });
})();
