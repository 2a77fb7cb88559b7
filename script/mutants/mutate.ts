export interface Edit {
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Apply a mutant to a text. @returns null if the text of an edit is not in the file exactly once, or if an edit changes nothing: the mutant is stale. Pure. */
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
