// Shows a process: steps that are done, steps that are open. The figures stand in the timeline
// below for those who do not see the drawing.
"use strict";
(async () => {
  const MARGIN = 8;
  const FOOT = 36; // below the drawing, for the mark of its maker
  const SMALLEST = 0.7; // of a drawing; the box of a wider one scrolls
  const colours = {
    defaultFillColor: "var(--paper)", defaultStrokeColor: "var(--muted)", defaultLabelColor: "var(--ink)",
  };
  const { fontFamily } = getComputedStyle(document.body);

  // The box gets the height of the drawing; one that is wider begins at the open step.
  function fit(box, paper, viewer) {
    const canvas = viewer.get("canvas");
    const { inner } = canvas.viewbox();
    const wide = inner.width + 2 * MARGIN, tall = inner.height + 2 * MARGIN;
    const scale = Math.max(SMALLEST, Math.min(1, box.clientWidth / wide));
    paper.style.width = `${Math.max(box.clientWidth, Math.floor(wide * scale))}px`;
    paper.style.height = `${Math.ceil(tall * scale) + FOOT}px`;
    canvas.resized();
    const width = paper.clientWidth / scale, height = paper.clientHeight / scale;
    const x = inner.x - (width - inner.width) / 2;
    canvas.viewbox({ x, y: inner.y - MARGIN, width, height });
    if (box.scrollWidth <= box.clientWidth) return;
    box.tabIndex = 0;
    const open = viewer.get("elementRegistry").get((box.dataset.open || "").split(" ")[0]);
    if (open) box.scrollLeft = (open.x + open.width / 2 - x) * scale - box.clientWidth / 2;
  }

  for (const box of document.querySelectorAll("[data-diagram]")) {
    const answer = await fetch(box.dataset.diagram);
    if (!answer.ok) continue;
    const paper = box.appendChild(document.createElement("div"));
    const viewer = new window.dianhengDiagram.Viewer({
      container: paper, bpmnRenderer: colours,
      textRenderer: { defaultStyle: { fontFamily }, externalStyle: { fontFamily } },
    });
    await viewer.importXML(await answer.text());
    fit(box, paper, viewer);
    const elements = viewer.get("elementRegistry");
    for (const one of elements.filter(({ type }) => /:(Lane|Participant)$/.test(type))) {
      viewer.get("canvas").addMarker(one, "lane");
    }
    for (const kind of ["done", "open"]) {
      for (const id of (box.dataset[kind] || "").split(" ").filter(Boolean)) {
        if (elements.get(id)) viewer.get("canvas").addMarker(id, `step-${kind}`);
      }
    }
    box.dataset.ready = "1";
  }
})();
