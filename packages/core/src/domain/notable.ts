import { clean, clip } from "./plainText.ts";
import { GROUPS, GROUP_NAMES } from "../protection/groups.ts";
import type { Notable, Subject } from "../protection/protect.ts";
import { codeSpan } from "./leftOut.ts";

/** Maximum number of changes per subject. */
const MAX_NAMED = 10;
const MAX_PATH = 100;
const MAX_NOTE = 200;

const ORDER: readonly Subject[] = [...GROUP_NAMES, "configured", "large"];

/** Return notable changes as a bounded Markdown list, with an item per subject. Pure. */
export function notableText(notable: readonly Notable[]): string {
  return ORDER.flatMap((subject) => {
    const found = notable.filter((each) => each.subject === subject);
    return found.length === 0 ? [] : [`- ${wordsOf(subject)}: ${named(found)}`];
  }).join("\n");
}

/** Return notable changes on one line. */
export function notableLine(notable: readonly Notable[]): string {
  return notableText(notable).replaceAll(/^- /gm, "").replaceAll("\n", "; ");
}

function wordsOf(subject: Subject): string {
  if (subject === "large") return "Large files";
  return subject === "configured" ? "Files listed in the configuration of tac8" : GROUPS[subject].words;
}

function named(found: readonly Notable[]): string {
  const shown = found.slice(0, MAX_NAMED).map(({ path, note }) => {
    const span = codeSpan(clip(clean(path), MAX_PATH));
    return note === null ? span : `${span} (${codeSpan(clip(clean(note), MAX_NOTE))})`;
  });
  const more = found.length - shown.length;
  return shown.join(", ") + (more === 0 ? "" : ` and ${more} more`);
}
