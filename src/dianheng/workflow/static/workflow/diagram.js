// Shows a process: steps that are done, steps that are open. The figures stand in the timeline
// below for those who do not see the drawing.
"use strict";
(async () => {
  const MARGIN = 8;
  const FOOT = 28; // below the drawing, for the mark of its maker
  const SMALLEST = 0.7; // of a drawing; a wider one is moved by dragging
  const colours = {
    defaultFillColor: "var(--paper)", defaultStrokeColor: "var(--muted)", defaultLabelColor: "var(--ink)",
  };
  const { fontFamily } = getComputedStyle(document.body);

  // The box gets the height of the drawing; what does not fit in its width begins at the open step.
  function fit(box, viewer) {
    const canvas = viewer.get("canvas");
    const { inner } = canvas.viewbox();
    const wide = inner.width + 2 * MARGIN, tall = inner.height + 2 * MARGIN;
    const scale = Math.max(SMALLEST, Math.min(1, box.clientWidth / wide));
    box.style.height = `${Math.ceil(tall * scale) + FOOT}px`;
    canvas.resized();
    const width = box.clientWidth / scale;
    const open = viewer.get("elementRegistry").get((box.dataset.open || "").split(" ")[0]);
    const middle = open && width < wide ? open.x + open.width / 2 - width / 2 : inner.x - MARGIN;
    const most = inner.x - MARGIN + Math.max(0, wide - width);
    const x = width > wide ? inner.x - (width - inner.width) / 2 : Math.min(Math.max(middle, inner.x - MARGIN), most);
    canvas.viewbox({ x, y: inner.y - MARGIN, width, height: box.clientHeight / scale });
  }

  for (const box of document.querySelectorAll("[data-diagram]")) {
    const viewer = new window.dianhengDiagram.Viewer({
      container: box, bpmnRenderer: colours,
      textRenderer: { defaultStyle: { fontFamily }, externalStyle: { fontFamily } },
    });
    const answer = await fetch(box.dataset.diagram);
    if (!answer.ok) continue;
    await viewer.importXML(await answer.text());
    fit(box, viewer);
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
