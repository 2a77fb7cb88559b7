import { ApiError } from "./answer.ts";
import type { FaultAction, FaultRequest } from "./faults.ts";

/**
 * A fault from a container: `{method?, path?, pattern?, times, after?, do}`; `path` is the whole path, `pattern` a regular
 * expression.
 * @throws ApiError 422 naming what is wrong with it.
 */
export function faultFromJson(text: string): FaultRequest {
  const fields = record(parse(text), "a fault");
  const { method, path, pattern, times = 1, after = 0 } = fields;
  const where = typeof path === "string" ? path : typeof pattern === "string" ? new RegExp(pattern) : undefined;
  if (where === undefined) throw wrong("path or pattern must be a text");
  if (typeof times !== "number" || typeof after !== "number") throw wrong("times and after must be numbers");
  const common = { path: where, times, after, do: action(record(fields["do"], "do")) };
  return typeof method === "string" ? { ...common, method } : common;
}

function action(fields: Record<string, unknown>): FaultAction {
  const { status, delayMs, trickleMs, drop, body, headers, doWork } = fields;
  if (drop === "before" || drop === "after" || drop === "middle") return { drop };
  if (typeof delayMs === "number") return { delayMs };
  if (typeof trickleMs === "number") return { trickleMs };
  if (typeof status !== "number")
    throw wrong('do must have status, delayMs, trickleMs or drop ("before", "after", "middle")');
  const extra = Object.entries(headers === undefined ? {} : record(headers, "headers"));
  return {
    status,
    ...(body === undefined ? {} : { body }),
    headers: Object.fromEntries(extra.map(([key, value]) => [key, String(value)])),
    doWork: doWork === true,
  };
}

const wrong = (message: string): ApiError => new ApiError(422, `not a fault: ${message}`);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(`no JSON (${String(error)})`);
  }
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw wrong(`${name} must be an object`);
  return Object.fromEntries(Object.entries(value));
}
