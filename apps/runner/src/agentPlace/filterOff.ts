/** Return the settings that disable a filter of git. A filter without a program does not change the content. Pure. */
export function filterOff(name: string): Record<string, string> {
  const filter = `filter.${name}`;
  return {
    [`${filter}.clean`]: "",
    [`${filter}.smudge`]: "",
    [`${filter}.process`]: "",
    [`${filter}.required`]: "false",
  };
}
