import type { Bench } from "../bench.ts";
import { startApp, type App } from "./app.ts";
import { timed, type Timed } from "./timed.ts";

/** Repetitions in a row: one is too short for bash's clock. */
const REPEAT = 10;

/** Measure the floor of every start: a Node process that does nothing. */
export const BARE_START = "node -e 0";

export function bareStart({ path, leftovers, signal, programs }: Bench): Promise<Timed> {
  const command = [process.execPath, "-e", "0"];
  return timed({ command, env: { PATH: path }, cwd: programs.checkout, repeat: REPEAT, leftovers, signal });
}

/** Measure the floor of idle processes: a Node process with a timer that fires each second. */
export const BARE_IDLE = "idle node";

export function startBareIdle({ path, leftovers, signal }: Bench): Promise<App> {
  const args = [
    "-e",
    'setInterval(() => {}, 1000); process.stdin.on("end", () => process.exit()).resume(); console.log("up")',
  ];
  return startApp({ name: BARE_IDLE, args, env: { PATH: path }, ready: "up", leftovers, signal });
}
