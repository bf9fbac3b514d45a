// Typesets formulas: reads one {tex, display} a line as JSON, answers each with a line {html} or {error}.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const katex = createRequire(process.argv[2] + "/")("katex");

function typeset({ tex, display }) {
  try {
    return { html: katex.renderToString(tex, { displayMode: display, output: "htmlAndMathml", strict: "error" }) };
  } catch (error) {
    return { error: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(typeset(JSON.parse(line))) + "\n");
}
