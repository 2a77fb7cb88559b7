/** Pure. Git takes a filter without a program for none: content stays as it is. */
export function filterOff(name: string): Record<string, string> {
  const filter = `filter.${name}`;
  return {
    [`${filter}.clean`]: "",
    [`${filter}.smudge`]: "",
    [`${filter}.process`]: "",
    [`${filter}.required`]: "false",
  };
}
