import type { Json } from "./json.ts";

/** The argument of a tool that says most about the call, by tool input field, best first. */
const MAIN_ARGUMENTS = [
  "command",
  "file_path",
  "notebook_path",
  "pattern",
  "path",
  "url",
  "query",
  "description",
  "prompt",
];
const MAX_UNKNOWN = 2000;

/** What of a tool's input to show: its main argument; with `whole` the other ones too, a line or more each. */
export function toolText(input: Json, { cwd, whole }: { readonly cwd: string; readonly whole: boolean }): string {
  const name = MAIN_ARGUMENTS.find((field) => typeof input[field] === "string");
  if (name === undefined) {
    const text = Object.keys(input).length === 0 ? "" : JSON.stringify(input);
    return whole ? text : text.slice(0, MAX_UNKNOWN);
  }
  const main = inside(String(input[name]), cwd);
  if (!whole) return main;
  const others = Object.entries(input).filter(([field]) => field !== name);
  return [main, ...others.map(([field, value]) => `${field}: ${wordsOf(value)}`)].join("\n");
}

/** A path in the agent's folder without that folder. */
function inside(path: string, cwd: string): string {
  return cwd !== "" && path.startsWith(`${cwd}/`) && !path.includes("\n") ? path.slice(cwd.length + 1) : path;
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
