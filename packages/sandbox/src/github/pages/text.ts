import { escapeHtml, type Html } from "./html.ts";

/**
 * Render the part of Markdown that comments use: code, bold, headings, links and collapsed sections. Everything is escaped first. HTML
 * comments are hidden, as on GitHub.
 */
export function readable(markdown: string): Html {
  const parts = markdown.replace(/<!--[\s\S]*?-->\s*/g, "").split(/^```[^\n]*\n([\s\S]*?)^```[^\n]*$/m);
  return {
    html: parts.map((part, index) => (index % 2 === 1 ? `<pre>${escapeHtml(part)}</pre>` : inline(part))).join(""),
  };
}

function inline(text: string): string {
  return text
    .trim()
    .split(/(`[^`\n]+`)/)
    .map((part, index) => (index % 2 === 1 ? `<code>${escapeHtml(part.slice(1, -1))}</code>` : words(part)))
    .join("");
}

function words(text: string): string {
  return escapeHtml(text)
    .replace(/&lt;(\/?(?:details|summary))&gt;/g, "<$1>")
    .replace(/^#{1,6} (.+)$/gm, "<b>$1</b>")
    .replace(/\*\*([^*\n]+)\*\*/g, "<b>$1</b>")
    .replace(/\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/g, '<a href="$2">$1</a>')
    .replace(/(^|[\s(])(https?:\/\/[^\s<)]+)/g, '$1<a href="$2">$2</a>');
}

/** A unified diff, coloured line by line. */
export function readableDiff(diff: string): Html {
  const lines = diff.split("\n").map((line) => {
    const file = line.startsWith("+++ ") || line.startsWith("--- ");
    const kind = file
      ? ""
      : line.startsWith("@@")
        ? "at"
        : line.startsWith("+")
          ? "add"
          : line.startsWith("-")
            ? "del"
            : "";
    return kind === "" ? escapeHtml(line) : `<span class="${kind}">${escapeHtml(line)}</span>`;
  });
  return { html: `<pre>${lines.join("\n")}</pre>` };
}
