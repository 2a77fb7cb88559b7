import type { IncomingHttpHeaders } from "node:http";
import type { Replacement } from "./replaceBytes.ts";

/** Headers that carry a key. */
const KEY_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/**
 * The request's headers with the real key in place of its stand-in; null: it has none, or any other credential too. An
 * `Authorization` has the stand-in alone, or after the name of a scheme.
 */
export function withRealKey(
  headers: IncomingHttpHeaders,
  pairs: readonly Replacement[],
): Record<string, string> | null {
  const swapped: Record<string, string> = {};
  for (const name of KEY_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    const [, scheme = "", key = ""] = /^([A-Za-z]+ +)?(\S+)$/.exec(String(value)) ?? [];
    const pair = pairs.find(({ by }) => by === key);
    if (pair === undefined || (scheme !== "" && name !== "authorization")) return null;
    swapped[name] = scheme + pair.find;
  }
  return Object.keys(swapped).length === 0 ? null : swapped;
}

/**
 * The path of a request below a base URL; null: one that servers and proxies may read in different ways. `path` begins with a
 * slash, and may have a query.
 */
export function pathBelow(base: URL, path: string): string | null {
  const [name = ""] = path.split("?", 1);
  if (!name.startsWith("/") || /[\\#]|\/\/|%(?:2e|2f|5c|00)|\/\.{1,2}(?:[/;]|%3b|$)/i.test(name)) return null;
  if (!/^[\u0021-\u007e]*$/.test(path)) return null;
  return `${base.pathname.replace(/\/+$/, "")}${path}`;
}

/** What an agent asks of the model's API; everything else there is more than asking a model. */
const MODEL_REQUESTS: readonly (readonly [method: string, path: RegExp])[] = [
  ["POST", /^\/v1\/messages$/],
  ["POST", /^\/v1\/messages\/count_tokens$/],
  ["GET", /^\/v1\/models(?:\/[\w.:@-]{1,200})?$/],
];

/** @param path without its query */
export function isModelRequest(method: string, path: string): boolean {
  return MODEL_REQUESTS.some(([allowed, pattern]) => method === allowed && pattern.test(path));
}
