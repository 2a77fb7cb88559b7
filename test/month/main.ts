// `npm run month -- --issues 120 --steps 8 --days 30 --records 6000`: what grows when tac8 works for a month. The issues are worked
// on for real, in steps, and the clock of tac8 is moved on by so many days between them. Then so many issues are only recorded
// in Redis, as their runs leave them. Prints tables of Markdown: see docs/benchmark.md. With `--parent DIR --device loop0`, DIR being on
// that device alone, also what was written to it.
import { execFileSync } from "node:child_process";
import { lutimesSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isEnded } from "@tac8/core/domain/states";
import { jobIdOf } from "@tac8/core/domain/reference";
import { OWNER, REPO } from "../names.ts";
import { programOf } from "../programs.ts";
import { createStage, type Stage } from "../soak/stage.ts";
import { fit, table, type Point } from "./fit.ts";
import { measureDisk, measureRedis, writtenTo } from "./measure.ts";
import { record } from "./record.ts";

const { values } = parseArgs({
  options: {
    issues: { type: "string", default: "120" },
    steps: { type: "string", default: "8" },
    days: { type: "string", default: "30" },
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

let shift = 0;
const shifted = () => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, "shift.mjs")).href}`,
  TAC8_MONTH_SHIFT_MS: String(shift),
});

const stage = await createStage({
  runners: 1,
  path: PATH,
  env: shifted,
  ...(values.parent === undefined ? {} : { parent: values.parent }),
});
try {
  const points: Point[] = [];
  for (let step = 1; step <= steps; step += 1) {
    for (const app of [stage.scheduler, ...stage.runners]) if (!app.alive) app.start();
    const count = Math.round(issues / steps);
    for (let done = 0; done < count; done += AT_ONCE) await work(Math.min(AT_ONCE, count - done));
    const memory = Object.fromEntries(
      [stage.scheduler, ...stage.runners].map((app) => [`memory: ${app.name}, MB`, rss(app.pid)]),
    );
    if (step > 1) tac8("clean");
    // With 0 days all is the work of the same processes.
    if (days > 0) for (const app of [...stage.runners, stage.scheduler]) await app.end("SIGTERM");
    const measured = { ...(await measure()), ...memory };
    points.push({ issues: count * step, days: days * step, values: measured });
    const used = Object.entries(memory).map(([name, value]) => `${name} ${Math.round(value)}`);
    say(`step ${step} of ${steps}: ${count * step} issues, day ${days * step}, ${used.join(", ")}`);
    if (step < steps && days > 0) await moveOn(days * DAY_MS);
  }
  say(
    `\n${issues} issues for real, ${days} days between each ${Math.round(issues / steps)}:\n\n${table(fit(points))}\n`,
  );
  if (records > 0) {
    const recorded = await record(stage.redis, { count: records, days: 30, measure: () => measureRedis(stage.redis) });
    say(`${records} issues recorded, 200 a day:\n\n${table(fit(recorded))}\n`);
    say(tac8("backup", join(stage.dir, "b.tar.gz"), "--json"));
  }
} finally {
  for (const app of [...stage.runners, stage.scheduler]) await app.end("SIGTERM");
  await stage.close();
  await stage.remove();
}

/** Issues from the label to the merged pull request, whose branch is deleted. */
async function work(count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => {
    const change = [{ append: `file-${index}.txt`, text: "a line\n" }, { commit: "feat: a line" }, { result: "Done." }];
    return stage.openIssue({ title: `Issue ${index}`, labels: [], script: change });
  });
  for (const number of numbers) {
    const id = jobIdOf({ owner: OWNER, repo: REPO.split("/")[1] ?? "", number });
    for (;;) {
      const { state, reason } = await stage.store.read(id);
      if (state === "pr") break;
      if (isEnded(state)) throw new Error(`issue ${number} is ${String(state)}: ${String(reason)}`);
      await pause(200);
    }
    const pull = stage.github.pulls(REPO).find(({ head }) => head === `auto/gh-${number}`);
    if (pull !== undefined) await stage.github.mergePull({ repo: REPO, number: pull.number, actor: OWNER });
  }
}

async function measure(): Promise<Record<string, number>> {
  execFileSync("sync");
  return {
    ...(await measureRedis(stage.redis)),
    ...measureDisk(stage.home, join(stage.dir, "redis")),
    "written to the disk, kB": writtenTo(values.device),
  };
}

/** What expires in Redis and the times of files go by the machine's clock: they are moved along. */
async function moveOn(ms: number): Promise<void> {
  const { redis, home } = stage;
  for await (const keys of redis.scanStream({ count: 500 })) {
    for (const key of keys as string[]) {
      const left = await redis.pttl(key);
      if (left >= 0) await redis.pexpire(key, Math.max(1, left - ms));
    }
  }
  // Only what was written since the last step has a time that is not shifted yet.
  for (const path of pathsIn(home)) {
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
    if (mtimeMs <= Date.now()) lutimesSync(path, (mtimeMs + shift) / 1000, (mtimeMs + shift) / 1000);
  }
  shift += ms;
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
  const { dir, home, token, github }: Stage = stage;
  const env = {
    ...shifted(),
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
