/** A program that prints log lines. */
export interface LogSource {
  readonly program: string;
  readonly args: readonly string[];
  /** Returns the app of a log file, if the output is log lines below headings with the file; null: the output is shown as it is. */
  readonly appOf: ((path: string) => string) | null;
  readonly follow: boolean;
  /** Default: the current folder. */
  readonly cwd?: string;
  /** The whole environment of the program. Default: the variables that a program needs to read logs. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Choice {
  readonly apps: readonly string[];
  readonly follow: boolean;
  readonly lines: number;
}

/** Return the command that prints the journal of the services. Pure. */
export function journalCommand({ apps, follow, lines }: Choice): LogSource {
  const units = apps.flatMap((app) => ["--unit", `tac8-${app}`]);
  const args = [...units, "--lines", String(lines), "--no-pager", "--output", "short"];
  return { program: "journalctl", args: [...args, ...(follow ? ["--follow"] : [])], appOf: null, follow };
}

/** Return the command that prints the log files of `tac8 up`, which are rotated. Pure. */
export function tailCommand(
  given: Choice & { readonly files: readonly string[]; readonly appOf: (path: string) => string },
): LogSource {
  const { files, follow, lines, appOf } = given;
  // With -v, even a single file has a heading.
  return { program: "tail", args: ["-v", "-n", String(lines), ...(follow ? ["-F"] : []), ...files], appOf, follow };
}
