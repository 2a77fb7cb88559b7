import { healthOf, type Health, type Reason } from "@tac8/core/health/level";
import { execFile } from "node:child_process";
import { plain } from "../terminal/text.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Which systemd runs tac8 here: the machine's, the user's own, or none. Variable of `deploy/systemd/tac8` and of user units. */
export type Manager = "system" | "user" | null;

/** A service of tac8, as systemd has it. */
export interface Unit {
  readonly name: string;
  /** `ActiveState`: active, activating, failed … */
  readonly state: string;
  /** What it said last of itself. */
  readonly status: string;
  /** The exit code of its last process. */
  readonly exitCode: number | null;
}

/** What to do where services do not answer: half a line. */
export const RESTART = "see systemctl status 'tac8*'";
const PATTERN = "tac8*.service";
const ANSWER_MS = 5000;
const MAX_STATUS = 300;

export function managerOf(env: Env): Manager {
  const value = env["TAC8_SYSTEMD"];
  return value === "system" || value === "user" ? value : null;
}

/** Options that lead systemd's commands to the manager. */
export function managerOptions(manager: Exclude<Manager, null>): string[] {
  return manager === "user" ? ["--user"] : [];
}

/** The services of this machine. Empty: systemd runs none, or does not answer. */
export async function readUnits(env: Env): Promise<Unit[]> {
  const manager = managerOf(env);
  if (manager === null) return [];
  const properties = "--property=Id,ActiveState,StatusText,ExecMainStatus";
  const args = [...managerOptions(manager), "show", "--all", properties, PATTERN];
  return parseUnits(await outputOf("systemctl", args, env));
}

/** Pure. @param text of `systemctl show`: `NAME=value` lines, an empty line between two units */
export function parseUnits(text: string): Unit[] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const fields = new Map(block.split("\n").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]));
    const name = fields.get("Id")?.replace(/\.service$/, "");
    if (!name) return [];
    const code = Number(fields.get("ExecMainStatus") ?? "");
    return {
      name,
      state: fields.get("ActiveState") ?? "",
      status: plain(fields.get("StatusText") ?? "").slice(0, MAX_STATUS),
      exitCode: Number.isInteger(code) ? code : null,
    };
  });
}

/** Pure. What is wrong with the services, one line each: those that do not come back by themselves. */
export function unitProblems(
  units: readonly Unit[],
  manager: Manager,
): { readonly name: string; readonly text: string; readonly advice: string }[] {
  const restart = manager === "user" ? "systemctl --user restart tac8" : "sudo systemctl restart tac8.target";
  return units
    .filter(({ state }) => state === "failed" || state === "inactive")
    .map(({ name, state, status, exitCode }) => {
      const code = exitCode === null || exitCode === 0 ? "" : ` with exit code ${exitCode}`;
      const how = state === "failed" ? `has ended${code}, and does not start again by itself` : "is stopped";
      const why = status === "" || state === "inactive" ? "" : `: ${status}`;
      return {
        name,
        text: `the service ${name} ${how}${why}`,
        advice: `${state === "failed" ? "fix that, then" : "start it"}: ${restart}`,
      };
    });
}

/** Pure. The same health, worse where a service has ended. */
export function withUnits(health: Health, units: readonly Unit[], manager: Manager): Health {
  const reasons = unitProblems(units, manager).map(({ name, text, advice }): Reason => ({
    level: "critical",
    code: `service:${name}`,
    text: `${text}; ${advice}`,
    action: null,
    host: null,
  }));
  return reasons.length === 0 ? health : healthOf([...reasons, ...health.reasons]);
}

function outputOf(program: string, args: readonly string[], { PATH, XDG_RUNTIME_DIR }: Env): Promise<string> {
  const env = {
    ...(PATH === undefined ? {} : { PATH }),
    ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
  };
  const options = { env, timeout: ANSWER_MS, encoding: "utf8" } as const;
  // It has no answer where systemd does not run: then nothing is known of services.
  return new Promise((resolve) => execFile(program, args, options, (_error, stdout) => resolve(stdout)));
}
