/** An event of the CLI. Its shape differs between versions, so the functions below treat an unexpected field as absent. */
export type Json = Readonly<Record<string, unknown>>;

/** Parse the JSON object on a line; null: it is not one. */
export function parseEvent(line: string): Json | null {
  if (!line.startsWith("{")) return null;
  try {
    return asObject(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

export function asString(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Return a finite number above 0, else 0, because agents report the numbers. */
export function asCount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Return the content blocks of an `assistant` or `user` event. A plain string counts as one text block. */
export function contentOf(event: Json): Json[] {
  const content = asObject(event["message"])?.["content"];
  if (typeof content === "string") return [{ type: "text", text: content }];
  return asArray(content)
    .map(asObject)
    .filter((block) => block !== null);
}

/** Return the text of a tool result's content: a string, text blocks, or strings. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return asArray(content)
    .map((block) => asString(block) ?? asString(asObject(block)?.["text"]) ?? "")
    .join("\n");
}
