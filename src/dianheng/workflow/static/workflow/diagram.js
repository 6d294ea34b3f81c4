// Shows a process: steps that are done, steps that are open. The figures stand in the timeline
// below for those who do not see the drawing.
"use strict";
(async () => {
  for (const box of document.querySelectorAll("[data-diagram]")) {
    const viewer = new window.dianhengDiagram.Viewer({ container: box });
    const answer = await fetch(box.dataset.diagram);
    if (!answer.ok) continue;
    await viewer.importXML(await answer.text());
    const canvas = viewer.get("canvas");
    canvas.zoom("fit-viewport", "auto");
    const elements = viewer.get("elementRegistry");
    for (const kind of ["done", "open"]) {
      for (const id of (box.dataset[kind] || "").split(" ").filter(Boolean)) {
        if (elements.get(id)) canvas.addMarker(id, `step-${kind}`);
      }
    }
    box.dataset.ready = "1";
  }
})();
