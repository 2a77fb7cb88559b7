import { html, type Html } from "../pages/html.ts";

/** Show a unified diff line by line. */
export function diffView(diff: string): Html {
  return html`<pre class="diff" tabindex="0" role="region" aria-label="Diff of the pull request">
${diff.split("\n").map((line) => html`<span class="${classOf(line)}">${line}</span>`)}</pre>`;
}

function classOf(line: string): string {
  if (line.startsWith("diff ")) return "file";
  if (/^(\+\+\+|---|index |new file|deleted file|similarity|rename )/.test(line)) return "dim";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "add";
  return line.startsWith("-") ? "del" : "";
}
