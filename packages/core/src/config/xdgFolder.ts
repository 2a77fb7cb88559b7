import { isAbsolute, join } from "node:path";

/**
 * Return a folder of the XDG base directory specification: the value of `variable`, or `underHome` in `HOME`. By the specification, relative
 * values are ignored.
 * @returns null when neither variable has an absolute path
 */
export function xdgFolder(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
  underHome: string,
): string | null {
  const given = env[variable];
  if (given && isAbsolute(given)) return given;
  const home = env["HOME"];
  return home && isAbsolute(home) ? join(home, underHome) : null;
}
