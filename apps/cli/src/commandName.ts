import { isAbsolute, relative, sep } from "node:path";

/**
 * How an operator calls the command again: `tac8` where it is installed as a package, which puts it on the path; else the
 * path of the launcher, the shorter one. Never a name that `npx` would look for in a registry.
 */
export function commandName({ launcher, cwd }: { readonly launcher: string; readonly cwd: string }): string {
  if (launcher.includes(`${sep}node_modules${sep}`)) return "tac8";
  const path = relative(cwd, launcher);
  return path.startsWith("..") || isAbsolute(path) ? launcher : path;
}
