// Leaves of style sheets the rules that pages use: reads {sheets: [css], words} as JSON, writes [css].

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { PurgeCSS } = createRequire(process.argv[2] + "/")("purgecss");
const { sheets, words } = JSON.parse(readFileSync(0, "utf8"));

const cut = await new PurgeCSS().purge({
  content: [{ raw: words.join("\n"), extension: "words" }],
  css: sheets.map(raw => ({ raw })),
  defaultExtractor: text => text.split("\n"),
  keyframes: true,
  safelist: { greedy: [/bs-tooltip/] }, // Bootstrap puts these names together
});
process.stdout.write(JSON.stringify(cut.map(({ css }) => css)));
