export interface Edit {
  /** Text that is there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** @returns null where an edit's text is not there exactly once, or it changes nothing: the mutant is stale. Pure. */
export function mutate(
  text: string,
  { also = [], ...edit }: Edit & { readonly also?: readonly Edit[] },
): string | null {
  let mutated = text;
  for (const { find, replace } of [edit, ...also]) {
    const at = mutated.indexOf(find);
    if (at < 0 || find === replace || mutated.includes(find, at + find.length)) return null;
    mutated = mutated.slice(0, at) + replace + mutated.slice(at + find.length);
  }
  return mutated;
}
