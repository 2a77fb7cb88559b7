import { sep } from "node:path";

/**
 * Return the command by which an operator calls tac8 from any folder: `tac8` if it is installed as a package, which adds it to the
 * path; otherwise the path of the launcher, so that `npx` never searches a registry for the name.
 */
export function commandName(launcher: string): string {
  return launcher.includes(`${sep}node_modules${sep}`) ? "tac8" : launcher;
}
