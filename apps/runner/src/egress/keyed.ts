import type { IncomingHttpHeaders } from "node:http";
import type { Replacement } from "./replaceBytes.ts";

/** Headers that can have a key. */
const KEY_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/**
 * Return the request's headers with the real key in place of its placeholder; null if it has no placeholder, or another
 * credential too. An `Authorization` has only the placeholder, or a scheme and the placeholder.
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
 * Return the path of a request below a base URL; null if servers and proxies may read it in different ways. `path`
 * starts with a slash, and may have a query.
 */
export function pathBelow(base: URL, path: string): string | null {
  const [name = ""] = path.split("?", 1);
  if (!name.startsWith("/") || /[\\#]|\/\/|%(?:2e|2f|5c|00)|\/\.{1,2}(?:[/;]|%3b|$)/i.test(name)) return null;
  if (!/^[\u0021-\u007e]*$/.test(path)) return null;
  return `${base.pathname.replace(/\/+$/, "")}${path}`;
}

/** The requests that agents need for the model's API; all others are refused. */
const MODEL_REQUESTS: readonly (readonly [method: string, path: RegExp])[] = [
  ["POST", /^\/v1\/messages$/],
  ["POST", /^\/v1\/messages\/count_tokens$/],
  ["GET", /^\/v1\/models(?:\/[\w.:@-]{1,200})?$/],
];

/** @param path without the query */
export function isModelRequest(method: string, path: string): boolean {
  return MODEL_REQUESTS.some(([allowed, pattern]) => method === allowed && pattern.test(path));
}
