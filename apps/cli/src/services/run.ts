import { execFile } from "node:child_process";

type Env = Readonly<Record<string, string | undefined>>;

/** Time limit of a command: long enough for a service to stop, including its shutdown grace. */
const ANSWER_MS = 120_000;
/** The variables that the commands of systemd need. */
const NAMES = ["PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "HOME", "LANG"];

/** Return the output of a program; null: it failed, is missing, or does not end. */
export function outputOf(program: string, args: readonly string[], env: Env): Promise<string | null> {
  const few = Object.fromEntries(NAMES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const options = { env: few as Record<string, string>, timeout: ANSWER_MS, encoding: "utf8" } as const;
  return new Promise((resolve) =>
    execFile(program, args, options, (error, stdout) => resolve(error === null ? stdout : null)),
  );
}
