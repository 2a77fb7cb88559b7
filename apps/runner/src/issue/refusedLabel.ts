/** Time in which no second comment is written for the same account on the same issue, however often it tries. */
const SILENT_MS = 24 * 3_600_000;

/**
 * Return whether a comment was written too recently to write another one. `reportedAt`: ISO times; null: never. Pure.
 */
export function reportedLately(reportedAt: readonly (string | null)[], now: number): boolean {
  return reportedAt.some((at) => at !== null && now - Date.parse(at) < SILENT_MS);
}

/** Return the comment on a label that starts no work: the reason, and who must add it. Markdown, without its marker. */
export function refusedLabelText({ reason, trigger }: { readonly reason: string; readonly trigger: string }): string {
  const cure = `Work starts when an account with write access to this repository adds the label \`${trigger}\`. To start the work, ask a maintainer to remove the label and add it again.`;
  return `No work was started.\n\n> ${reason.replaceAll(/\s+/g, " ").slice(0, 500)}.\n\n${cure}`;
}
