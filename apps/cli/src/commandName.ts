import { sep } from "node:path";

/**
 * Return how an operator calls the command again, from any folder: `tac8` where it is installed as a package, which puts
 * it on the path; else the launcher's path. Never a name that `npx` would look for in a registry.
 */
export function commandName(launcher: string): string {
  return launcher.includes(`${sep}node_modules${sep}`) ? "tac8" : launcher;
}
