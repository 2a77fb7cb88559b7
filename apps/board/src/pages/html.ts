import { clean } from "@tac8/core/domain/plainText";

/** Text that is HTML already. Only `html` makes it, so nothing gets into a page unescaped by accident. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = string | number | Html | null | false | readonly Part[];

/** Escapes every value but `Html`, and takes out of it terminal codes and what turns a text around; lists are joined, null and false leave nothing. Attributes must stand in quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(dense(strings).reduce((text, string, index) => text + render(parts[index - 1] ?? null) + string));
}

const DENSE = new WeakMap<TemplateStringsArray, readonly string[]>();

/** A template's own text without the indentation of the source, which would be a third of a page. */
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
