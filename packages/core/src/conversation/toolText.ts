import { asArray, asObject, type Json } from "./json.ts";

/** Input fields that describe a call best, the most informative first. */
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

/** Input fields that `changeIn` shows. */
const CHANGE_FIELDS = ["old_string", "new_string", "content", "edits", "new_source"];

/** Return the main argument of a tool's input, with paths relative to the agent's folder `cwd`; without one, return the whole input. */
export function mainArgument(input: Json, cwd: string): string {
  const name = MAIN_ARGUMENTS.find((field) => typeof input[field] === "string");
  if (name !== undefined) return inside(String(input[name]), cwd);
  return Object.keys(input).length === 0 ? "" : JSON.stringify(input);
}

/**
 * Return the text to display for a tool's input: its main argument, and the lines that an edit removes (`- `) and adds (`+ `). With `whole`,
 * add the other arguments.
 */
export function toolText(input: Json, { cwd, whole }: { readonly cwd: string; readonly whole: boolean }): string {
  const name = MAIN_ARGUMENTS.find((field) => typeof input[field] === "string");
  const main = mainArgument(input, cwd);
  if (name === undefined) return whole ? main : main.slice(0, MAX_UNKNOWN);
  const change = changeIn(input);
  if (!whole) return [main, ...change].join("\n");
  const shown = change.length > 0 ? [name, ...CHANGE_FIELDS] : [name];
  const others = Object.entries(input).filter(([field]) => !shown.includes(field));
  return [main, ...others.map(([field, value]) => `${field}: ${wordsOf(value)}`), ...change].join("\n");
}

/** Return the lines of a file's edit; none for other tools. */
function changeIn(input: Json): string[] {
  const edits = asArray(input["edits"]).flatMap((edit): Json[] => [asObject(edit) ?? {}]);
  return [input, ...edits].flatMap((edit) => [
    ...lines("- ", edit["old_string"]),
    ...lines("+ ", edit["new_string"] ?? edit["content"] ?? edit["new_source"]),
  ]);
}

function lines(mark: string, text: unknown): string[] {
  if (typeof text !== "string" || text === "") return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => mark + line);
}

/** Return a path relative to the agent's folder, if it is inside. */
function inside(path: string, cwd: string): string {
  return cwd !== "" && path.startsWith(`${cwd}/`) && !path.includes("\n") ? path.slice(cwd.length + 1) : path;
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
