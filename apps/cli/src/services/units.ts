import { joinFiles } from "@tac8/core/config/joined";
import { socketOf } from "@tac8/core/config/redisUrl";
import { type Health, healthOf, type Reason } from "@tac8/core/domain/healthLevels";
import { existsSync } from "node:fs";
import { plain } from "../terminal/text.ts";
import { outputOf } from "./run.ts";
import { userUnitPath } from "./userUnit.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The systemd that runs tac8: the system's, the user's, or none. */
export type Manager = "system" | "user" | null;

/** The state of a service of tac8 in systemd. */
export interface Unit {
  readonly name: string;
  /** `ActiveState`: active, activating, failed … */
  readonly state: string;
  /** `StatusText`: the last status that the service reported. */
  readonly status: string;
  /** The exit code of its last process. */
  readonly exitCode: number | null;
}

const PATTERN = "tac8*.service";
/** The services of tac8. Other units of the operator, such as a nightly tac8-backup, match the pattern too, and may end normally. */
const OURS = /^tac8(-(launcher|redis|scheduler|runner|board))?$/;
const MAX_STATUS = 300;

/** Return the manager: `system` for the command that `deploy/install.sh` has installed, `user` after `tac8 service install`. */
export function managerOf(env: Env): Manager {
  if (env["TAC8_SYSTEMD"] === "system") return "system";
  const unit = userUnitPath(env);
  return unit !== null && existsSync(unit) ? "user" : null;
}

/** Return the options of systemd's commands that select the manager. */
function managerOptions(manager: Exclude<Manager, null>): string[] {
  return manager === "user" ? ["--user"] : [];
}

/** Return the command that restarts the Redis of `deploy/install.sh`, even if its socket is missing; null: it is another Redis. */
export function redisRestart(redisUrl: string): string | null {
  return socketOf(redisUrl)?.path === "/run/tac8-redis/redis.sock" ? "sudo systemctl restart tac8-redis" : null;
}

/** Return what to do if a service does not respond, as the end of a line. */
export function logCommand(manager: Exclude<Manager, null>): string {
  return `see systemctl ${manager === "user" ? "--user " : ""}status 'tac8*'`;
}

/** Return the services of this machine. Empty: systemd runs none, or does not respond. */
export async function readUnits(env: Env): Promise<Unit[]> {
  const manager = managerOf(env);
  if (manager === null) return [];
  const properties = "--property=Id,ActiveState,StatusText,ExecMainStatus";
  const args = [...managerOptions(manager), "show", "--all", properties, PATTERN];
  const units = parseUnits((await outputOf("systemctl", args, env)) ?? "");
  return units.filter(({ name }) => !isLeftOut(name, env));
}

/** The services of a machine that has joined another one: the runner and the launcher of its agents. */
const RUNNERS = ["tac8", "tac8-runner", "tac8-launcher"];

/** Whether a service is not needed, because this machine has joined another one and only runs the runner. */
export function isLeftOut(name: string, env: Env): boolean {
  const dataFolder = env["TAC8_HOME"];
  return dataFolder !== undefined && !RUNNERS.includes(name) && existsSync(joinFiles(dataFolder).url);
}

/** Parse the services of tac8. Pure. @param text output of `systemctl show`: `NAME=value` lines, an empty line between two units */
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

/** Return the services that do not restart by themselves, one line each. Pure. */
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
      // systemd 252 forgets the status text of a service that ended.
      const journal = `: see ${manager === "user" ? "journalctl --user -u tac8" : `sudo journalctl -p err -n 3 -u ${name}`}`;
      const why = state === "inactive" ? "" : status === "" ? journal : `: ${status}`;
      return {
        name,
        text: `the service ${name} ${how}${why}`,
        advice: `${state === "failed" ? "fix the cause, then" : "start it"}: ${restart}`,
      };
    });
}

/** Return the health with a critical reason for each stopped service. Pure. */
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
