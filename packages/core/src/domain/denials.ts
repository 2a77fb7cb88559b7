import { z } from "zod";
import { clean, clip } from "./plainText.ts";

/** A call of a tool that permission rules denied to the agent. `detail`: its command, path or address, on one line. */
export const denialSchema = z.object({ tool: z.string(), detail: z.string() });
export type Denial = z.infer<typeof denialSchema>;

/** Maximum number of denials that are stored per round of an issue. Repeated denials of the same call count once. */
export const MAX_DENIALS = 10;
const MAX_TOOL = 60;
const MAX_DETAIL = 200;

/** Add the denials of a run to those of the round; null: none. `redact` is called before truncation could split a secret. */
export function addDenials(
  before: readonly Denial[] | null,
  more: readonly Denial[],
  redact: (text: string) => string,
): Denial[] | null {
  const all = [...(before ?? []), ...more.map((denial) => bounded(denial, redact))];
  const distinct = new Map(all.map((denial) => [JSON.stringify([denial.tool, denial.detail]), denial]));
  return distinct.size === 0 ? null : [...distinct.values()].slice(0, MAX_DENIALS);
}

function bounded({ tool, detail }: Denial, redact: (text: string) => string): Denial {
  const line = (text: string, max: number) => clip(clean(redact(text)).replaceAll(/\s+/g, " ").trim(), max);
  return { tool: line(tool, MAX_TOOL), detail: line(detail, MAX_DETAIL) };
}

/** Return the denied calls and the source of the rules as Markdown; empty: none was denied. */
export function deniedText(denied: readonly Denial[] | null): string {
  if (denied === null || denied.length === 0) return "";
  const items = denied.map(({ tool, detail }) => `- ${code(tool)}${detail === "" ? "" : `: ${code(detail)}`}`);
  const more = denied.length < MAX_DENIALS ? [] : ["- and possibly more"];
  return [
    "Permission rules denied these tool calls of the agent. The rules come from the repository's settings (`.claude/settings.json`) or, if agents share a home folder, from the settings of the runner's user:",
    "",
    ...items,
    ...more,
  ].join("\n");
}

/** Return the denied calls as one line for a log or a terminal. */
export function deniedLine(denied: readonly Denial[]): string {
  return denied.map(({ tool, detail }) => (detail === "" ? tool : `${tool}: ${detail}`)).join("; ");
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}
