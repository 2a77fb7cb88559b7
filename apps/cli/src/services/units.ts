import { joinFiles } from "@tac8/core/config/joined";
import { socketOf } from "@tac8/core/config/redisUrl";
import { type Health, healthOf, type Reason } from "@tac8/core/domain/healthLevels";
import { existsSync } from "node:fs";
import { plain } from "../terminal/text.ts";
import { outputOf } from "./run.ts";
import { userUnitPath } from "./userUnit.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Which systemd runs tac8 here: the machine's, the user's own, or none. */
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

const PATTERN = "tac8*.service";
/** Units of the operator, such as a nightly tac8-backup, match the pattern too: they end, and that is their business. */
const OURS = /^tac8(-(launcher|redis|scheduler|runner|board))?$/;
const MAX_STATUS = 300;

/** The machine's, where the command is the one that `deploy/install.sh` has installed; the user's after `tac8 service install`. */
export function managerOf(env: Env): Manager {
  if (env["TAC8_SYSTEMD"] === "system") return "system";
  const unit = userUnitPath(env);
  return unit !== null && existsSync(unit) ? "user" : null;
}

/** Options that lead systemd's commands to the manager. */
function managerOptions(manager: Exclude<Manager, null>): string[] {
  return manager === "user" ? ["--user"] : [];
}

/** What starts the Redis of `deploy/install.sh` again, also one that has lost its socket; null: it is another Redis. */
export function redisRestart(redisUrl: string): string | null {
  return socketOf(redisUrl)?.path === "/run/tac8-redis/redis.sock" ? "sudo systemctl restart tac8-redis" : null;
}

/** What to do where a service does not answer: half a line. */
export function logCommand(manager: Exclude<Manager, null>): string {
  return `see systemctl ${manager === "user" ? "--user " : ""}status 'tac8*'`;
}

/** The services of this machine. Empty: systemd runs none, or does not answer. */
export async function readUnits(env: Env): Promise<Unit[]> {
  const manager = managerOf(env);
  if (manager === null) return [];
  const properties = "--property=Id,ActiveState,StatusText,ExecMainStatus";
  const args = [...managerOptions(manager), "show", "--all", properties, PATTERN];
  const units = parseUnits((await outputOf("systemctl", args, env)) ?? "");
  return units.filter(({ name }) => !isLeftOut(name, env));
}

/** Those of a machine that has joined another one: the runner, and what starts its agents. */
const RUNNERS = ["tac8", "tac8-runner", "tac8-launcher"];

/** Whether the service is not wanted: a machine that has joined another one has the runner alone, and the others' units say so. */
export function isLeftOut(name: string, env: Env): boolean {
  const home = env["TAC8_HOME"];
  return home !== undefined && !RUNNERS.includes(name) && existsSync(joinFiles(home).url);
}

/** Pure. The services of tac8. @param text of `systemctl show`: `NAME=value` lines, an empty line between two units */
export function parseUnits(text: string): Unit[] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const fields = new Map(block.split("\n").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]));
    const name = fields.get("Id")?.replace(/\.service$/, "");
    if (name === undefined || !OURS.test(name)) return [];
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
      const code = exitCode === null || exitCode === 0 ? "" : ` with code ${exitCode}`;
      const how = state === "failed" ? `has exited${code} and does not restart by itself` : "is stopped";
      // Of a service that ended, systemd 252 forgets what it said of itself.
      const journal = `: see ${manager === "user" ? "journalctl --user -u tac8" : `sudo journalctl -p err -n 3 -u ${name}`}`;
      const why = state === "inactive" ? "" : status === "" ? journal : `: ${status}`;
      return {
        name,
        text: `the service ${name} ${how}${why}`,
        advice: `${state === "failed" ? "fix the cause, then" : "start it"}: ${restart}`,
      };
    });
}

/** Pure. The same health, worse where a service ends. */
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
