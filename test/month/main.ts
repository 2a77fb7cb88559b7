// `npm run month -- --issues 1000 --steps 40 --days 9 --records 6000`: measure what grows while tac8 works for a month and longer.
// Real runs work on `--issues` issues in `--steps` steps. After each step the clock of tac8 and Redis moves forward by `--days` days,
// and the processes keep running. Then `--records` more issues are written to Redis as finished runs would leave them. Prints tables
// in Markdown, fitted from four points: see docs/benchmark.md. `--parent DIR --device loop0` also measures the bytes written to that
// device; only DIR may be on it.
import { execFileSync } from "node:child_process";
import { lutimesSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { isEnded } from "@tac8/core/domain/states";
import { jobIdOf } from "@tac8/core/domain/reference";
import { ensureBuilt } from "../../packages/build/ensure.mjs";
import { OWNER, REPO } from "../names.ts";
import { programOf, ROOT } from "../programs.ts";
import { createStage, type SoakServices } from "../soak/stage.ts";
import { createClock } from "./clock.ts";
import { quarterPoints, table, type Point } from "./fit.ts";
import { measureDisk, measureRedis, writtenTo } from "./measure.ts";
import { record } from "./record.ts";

const { values } = parseArgs({
  options: {
    issues: { type: "string", default: "1000" },
    steps: { type: "string", default: "40" },
    days: { type: "string", default: "9" },
    records: { type: "string", default: "6000" },
    parent: { type: "string" },
    device: { type: "string" },
  },
});
const [issues, steps, days, records] = [values.issues, values.steps, values.days, values.records].map(Number) as [
  number,
  number,
  number,
  number,
];
const DAY_MS = 24 * 3_600_000;
const AT_ONCE = 6;
const PATH = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
const say = (line: string) => process.stdout.write(`${line}\n`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await ensureBuilt({ root: ROOT, say });
const root = mkdtempSync(join(values.parent ?? tmpdir(), "tac8-month-"));
const clock = createClock(root);
const stage = await createStage({
  runners: 1,
  slots: 4,
  path: PATH,
  parent: root,
  env: { ...clock.env, LOG_LEVEL: "info" },
});
const apps = [stage.scheduler, ...stage.runners];
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
try {
  for (const app of apps) app.start();
  const points: Point[] = [];
  for (let step = 1, done = 0; step <= steps && !stop.signal.aborted; step += 1) {
    if (step > 1) await moveForward(days * DAY_MS);
    const count = Math.round((issues * step) / steps) - done;
    await work(count);
    done += count;
    const memory = Object.fromEntries(apps.map((app) => [`memory: ${app.name}, MB`, rss(app.pid)]));
    if (step > 1) tac8("clean");
    points.push({ issues: done, days: days * step, values: { ...(await measure()), ...memory } });
    say(`${new Date().toISOString()} ${JSON.stringify(points.at(-1))}`);
  }
  const count = points.at(-1)?.issues ?? 0;
  say(`\n${count} issues for real, ${days} days between each ${Math.round(issues / steps)}:\n`);
  say(`${table(quarterPoints(points))}\n`);
  if (records > 0 && !stop.signal.aborted) {
    const recorded = await record(stage.redis, { count: records, days: 30, measure: () => measureRedis(stage.redis) });
    say(`${records} issues recorded, 200 a day:\n\n${table(recorded)}\n`);
    // On a busy machine, the short locks of this configuration may expire.
    say(attempt(() => tac8("backup", join(stage.dir, "b.tar.gz"), "--json")));
  }
} finally {
  for (const app of apps.toReversed()) await app.end("SIGTERM");
  await stage.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}

/** Process issues from the label to the merged pull request, whose branch is then deleted. Parallel issues change different files. */
async function work(count: number): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, lane) => {
      while (left > 0) {
        left -= 1;
        await workOne(lane);
      }
    }),
  );
}

async function workOne(lane: number): Promise<void> {
  const change = [{ append: `file-${lane}.txt`, text: "a line\n" }, { commit: "feat: a line" }, { result: "Done." }];
  const number = stage.openIssue({ title: `Issue in lane ${lane}`, labels: [], script: change });
  const id = jobIdOf({ owner: OWNER, repo: REPO.split("/")[1] ?? "", number });
  for (;;) {
    const {
      state,
      end: { reason },
    } = await stage.store.read(id);
    if (state === "pr") break;
    if (isEnded(state)) throw new Error(`issue ${number} is ${state}: ${String(reason)}`);
    const ended = apps.find((app) => !app.alive);
    if (ended !== undefined) throw new Error(`${ended.name} has exited`);
    await pause(200);
  }
  const pull = stage.github.pulls(REPO).find(({ head }) => head === `auto/gh-${number}`);
  if (pull !== undefined) await stage.github.mergePull({ repo: REPO, number: pull.number, actor: OWNER });
}

async function measure(): Promise<Record<string, number>> {
  execFileSync("sync");
  return {
    ...(await measureRedis(stage.redis)),
    ...measureDisk(stage.home, { redis: join(stage.dir, "redis"), journal: join(stage.dir, "logs") }),
    "written to the disk, kB": writtenTo(values.device),
  };
}

/** Move the clock forward by some days. New files have the machine's time, so their times are moved to that of the clock. */
async function moveForward(ms: number): Promise<void> {
  const { home } = stage;
  // Only files that were written since the last step have times that are not moved yet.
  for (const path of pathsIn(home)) {
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
    const moved = (mtimeMs + clock.offsetMs) / 1000;
    if (mtimeMs <= Date.now()) lutimesSync(path, moved, moved);
  }
  clock.moveForward(ms);
  // Redis removes expired keys gradually.
  await pause(2000);
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

function rss(pid: number): number {
  const status = execFileSync("cat", [`/proc/${pid}/status`], { encoding: "utf8" });
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}

function tac8(...args: string[]): string {
  const { dir, home, token, github }: SoakServices = stage;
  const env = {
    ...clock.env,
    PATH,
    HOME: dir,
    TAC8_CONFIG: join(dir, "config.toml"),
    TAC8_HOME: home,
    REDIS_URL: `redis://127.0.0.1:${String(stage.redis.options.port)}`,
    GITHUB_TOKEN: token,
    GITHUB_API_URL: github.url,
  };
  return execFileSync(process.execPath, [programOf("cli"), ...args], { env, encoding: "utf8" }).trim();
}

function attempt(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
