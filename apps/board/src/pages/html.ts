import { clean } from "@tac8/core/domain/plainText";

/** A text that is HTML. Only `html` creates it, so no text gets into a page unescaped by accident. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = string | number | Html | null | false | readonly Part[];

/**
 * Return HTML from a template. Every value except `Html` is escaped, without terminal codes and bidirectional control characters.
 * Lists are joined; null and false are omitted. Attributes must be in quotes.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(dense(strings).reduce((text, string, index) => text + render(parts[index - 1] ?? null) + string));
}

const DENSE = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Remove the indentation of the source from a template, which would be a third of a page. */
function dense(strings: TemplateStringsArray): readonly string[] {
  const known = DENSE.get(strings);
  if (known !== undefined) return known;
  const short = strings.map((string) => string.replaceAll(/\n\s*/g, "\n"));
  DENSE.set(strings, short);
  return short;
}

function render(part: Part): string {
  if (part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escape(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return clean(text)
    .toWellFormed()
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
