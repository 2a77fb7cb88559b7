/** Cuts by characters as GitHub counts them, never through the middle of one, and says so. */
export function cut(text: string, max: number): string {
  const note = " […cut]";
  if (text.length <= max) return text;
  return `${text.slice(0, Math.max(0, max - note.length)).replace(/[\uD800-\uDBFF]$/, "")}${max > 20 ? note : ""}`;
}
