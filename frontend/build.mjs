// Copies out of node_modules what the pages use, and bundles the parts that need it.
// Called by `python -m dianheng.config.frontend` as: node frontend/build.mjs TARGET ICON...
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "..", "node_modules");
const [target, ...icons] = process.argv.slice(2);

const copies = {
  "@tabler/core/dist/css/tabler.min.css": "tabler.css",
  "htmx.org/dist/htmx.min.js": "htmx.js",
  "htmx.org/LICENSE": "licences/htmx.txt",
  "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing_reader.wasm",
  "zxing-wasm/LICENSE": "licences/zxing-wasm.txt",
  "barcode-detector/LICENSE": "licences/barcode-detector.txt",
  "echarts/LICENSE": "licences/echarts.txt",
  "echarts/NOTICE": "licences/echarts-notice.txt",
  "@tabler/icons/LICENSE": "licences/tabler-icons.txt",
  "bpmn-js/dist/assets/diagram-js.css": "diagram.css",
  "bpmn-js/LICENSE": "licences/bpmn-js.txt",
  "axe-core/axe.min.js": "tests/axe.js",
  "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "fonts/NotoSansSC-Regular.ttf",
  "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "fonts/NotoSansSC-Bold.ttf",
  "@expo-google-fonts/noto-sans-sc/LICENSE_FONT": "licences/noto-sans-sc.txt",
  "@expo-google-fonts/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf": "fonts/NotoSerifSC-Regular.ttf",
  "@expo-google-fonts/noto-serif-sc/LICENSE_FONT": "licences/noto-serif-sc.txt",
};

for (const [from, to] of Object.entries(copies)) {
  const file = path.join(target, to);
  await mkdir(path.dirname(file), { recursive: true });
  await copyFile(path.join(modules, from), file);
}
// The copied style names a map that is not shipped.
const css = path.join(target, "tabler.css");
await writeFile(css, (await readFile(css, "utf8")).replace(/\/\*# sourceMappingURL=.*?\*\//g, ""));

const symbols = [];
for (const name of icons) {
  const svg = await readFile(path.join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const shapes = svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
  symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`);
}
await writeFile(
  path.join(target, "icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`,
);

await build({
  entryPoints: {
    charts: path.join(here, "charts.js"),
    camera: path.join(here, "camera.js"),
    diagram: path.join(here, "diagram.js"),
  },
  outdir: target,
  bundle: true,
  minify: true,
  format: "iife",
  target: "chrome90",
  legalComments: "none",
  logLevel: "warning",
});
