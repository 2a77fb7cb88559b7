/** So long nothing is said again to the same account about the same issue, however often it tries. */
const SILENT_MS = 24 * 3_600_000;

/** When it was told (ISO times, null: it was not) that a user's label starts nothing: is it too early to say it again? Pure. */
export function reportedLately(reportedAt: readonly (string | null)[], now: number): boolean {
  return reportedAt.some((at) => at !== null && now - Date.parse(at) < SILENT_MS);
}

/** The comment on a label that starts nothing: why, and who has to put it on. Markdown, without its marker. */
export function refusedLabelText({ reason, trigger }: { readonly reason: string; readonly trigger: string }): string {
  const cure = `Work starts when an account with write access to this repository adds the label \`${trigger}\`. To start the work, ask a maintainer to remove the label and add it again.`;
  return `No work was started.\n\n> ${reason.replaceAll(/\s+/g, " ").slice(0, 500)}.\n\n${cure}`;
}
