/** A program that prints log lines. */
export interface LogSource {
  readonly program: string;
  readonly args: readonly string[];
  /** Null: its output is for people as it is. Else lines of an app's log, below a line that names the app's file. */
  readonly appOf: ((path: string) => string) | null;
  readonly follow: boolean;
  /** Default: the current folder. */
  readonly cwd?: string;
  /** Its whole environment. Default: what a program that reads logs needs. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Choice {
  readonly apps: readonly string[];
  readonly follow: boolean;
  readonly lines: number;
}

/** Pure. Of the services of a machine: systemd's journal. */
export function journalCommand({ apps, follow, lines }: Choice): LogSource {
  const units = apps.flatMap((app) => ["--unit", `tac8-${app}`]);
  const args = [...units, "--lines", String(lines), "--no-pager", "--output", "short"];
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
