/** `find` has to be in the text exactly once. @returns null where it is not: the mutant is stale. Pure. */
export function mutate(text: string, { find, replace }: { find: string; replace: string }): string | null {
  const at = text.indexOf(find);
  if (at < 0 || find === replace || text.includes(find, at + find.length)) return null;
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
