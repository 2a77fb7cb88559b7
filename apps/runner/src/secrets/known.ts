import { base64Forms } from "@tac8/core/log/redact";

/** Shorter values are words. */
const LEAST = 8;

/** How a value may be written: as it is, URL-encoded, in JSON, base64 of any alignment, hexadecimal, backwards. */
export function writtenForms(value: string): string[] {
  if (value.length < LEAST) return [];
  const hex = Buffer.from(value).toString("hex");
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    hex,
    hex.toUpperCase(),
    Array.from(value).toReversed().join(""),
    ...base64Forms(value),
  ];
  return [...new Set(forms)].filter((form) => form.length >= LEAST);
}
