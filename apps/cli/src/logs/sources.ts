import { managerOptions, type Manager } from "../services/units.ts";

/** A program that prints log lines. */
export interface LogSource {
  readonly program: string;
  readonly args: readonly string[];
  /** Null: its output is for people as it is. Else lines of an app's log, below a line that names the app's file. */
  readonly appOf: ((path: string) => string) | null;
  readonly follow: boolean;
}

interface Choice {
  readonly apps: readonly string[];
  readonly follow: boolean;
  readonly lines: number;
}

/** Pure. Of the services of a machine, or of a user: systemd's journal. */
export function journalCommand(given: Choice & { readonly manager: Exclude<Manager, null> }): LogSource {
  const { apps, follow, lines, manager } = given;
  // The user's own service is all of tac8 in one.
  const units = manager === "user" ? ["tac8"] : apps.map((app) => `tac8-${app}`);
  const named = units.flatMap((unit) => [manager === "user" ? "--user-unit" : "--unit", unit]);
  const args = [...managerOptions(manager), ...named, "--lines", String(lines), "--no-pager", "--output", "short"];
  return { program: "journalctl", args: [...args, ...(follow ? ["--follow"] : [])], appOf: null, follow };
}

/** Pure. Of `tac8 up`: the files that it writes, which it replaces when they are large. */
export function tailCommand(
  given: Choice & { readonly files: readonly string[]; readonly appOf: (path: string) => string },
): LogSource {
  const { files, follow, lines, appOf } = given;
  // With -v every file has its line, also a single one.
  return { program: "tail", args: ["-v", "-n", String(lines), ...(follow ? ["-F"] : []), ...files], appOf, follow };
}
