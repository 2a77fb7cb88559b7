import { join } from "node:path";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { openIssues } from "../stage/issues.ts";
import { startPolling, type Poll } from "../stage/polls.ts";
import { LABEL, openStage, OWNER, REPO, type BenchStage } from "../stage/stage.ts";
import { timed } from "../stage/timed.ts";
import { times, until } from "../stage/until.ts";

const POLL_MS = 2000;
const PER_PAGE = 100;
/** Time in ms without a request after which a poll is over and the next one has not started. */
const QUIET_MS = 500;
const READ_PAGES = join(import.meta.dirname, "../programs/read-pages.ts");

export const poll: Figure = {
  name: "poll",
  what: "polls of many labelled issues, beside a program that reads the pages of the list",
  limitMinutes: 30,
  measure,
};

interface Read {
  readonly ms: number;
  readonly cpuMs: number;
}

async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, signal, report } = bench;
  await using stage = await openStage(bench, { config: { coordinator: { poll_interval_seconds: POLL_MS / 1000 } } });
  const { github, redis } = stage;
  const numbers = openIssues(github, sizes.labelled);

  const floors: { first: Read; unchanged: Read }[] = [];
  const first = await times(sizes.samples, async (index) => {
    report(`first poll, sample ${index + 1} of ${sizes.samples}`);
    await redis.flushall();
    floors.push(await readPages(bench, stage));
    await using polls = await startPolling({ stage, intervalMs: POLL_MS, signal });
    return await polls.first();
  });

  report("unchanged polls, and polls after one change");
  await using polls = await startPolling({ stage, intervalMs: POLL_MS, signal }); // The last sample has queued every issue.
  await polls.first();
  const unchanged = await polls.next(sizes.samples);
  const changed = await times(sizes.samples, async (index) => {
    await until(() => polls.silentMs > QUIET_MS, { signal, what: "the end of a poll" });
    const number = numbers[Math.floor((numbers.length * (index + 1)) / (sizes.samples + 1))] ?? 0;
    github.addLabel({ repo: REPO, number, actor: OWNER, label: "priority:P0" });
    const [after] = await polls.next(1);
    return after as Poll;
  });

  const pages = Math.ceil(sizes.labelled / PER_PAGE);
  const rowsOf = (name: string, what: string, samples: readonly Poll[], floor: keyof (typeof floors)[0]) => {
    return [
      row({
        name: `poll/${name}`,
        what: `${sizes.labelled} labelled issues, ${what}`,
        unit: "ms",
        value: samples.map(({ durationMs }) => durationMs),
        floor: { what: "reading the pages", value: floors.map((read) => read[floor].ms) },
      }),
      row({
        name: `poll/${name}-cpu`,
        what: `${sizes.labelled} labelled issues, ${what}: CPU of the scheduler`,
        unit: "ms",
        value: samples.map(({ cpuMs }) => cpuMs),
        floor: { what: "CPU of reading the pages", value: floors.map((read) => read[floor].cpuMs) },
      }),
      row({
        name: `poll/${name}-calls`,
        what: `${sizes.labelled} labelled issues, ${what}: requests`,
        unit: "count",
        value: samples.map(({ requests }) => requests),
        floor: { what: `pages of ${PER_PAGE}`, value: [pages] },
      }),
    ];
  };
  return [
    ...rowsOf("first", "first poll", first, "first"),
    ...rowsOf("unchanged", "poll without a change", unchanged, "unchanged"),
    ...rowsOf("changed", "poll after one change", changed, "unchanged"),
  ];
}

async function readPages(
  bench: Bench,
  { github, token, env, dir }: BenchStage,
): Promise<{ first: Read; unchanged: Read }> {
  const { leftovers, signal } = bench;
  const query = `state=open&labels=${LABEL}&sort=created&direction=asc&per_page=${PER_PAGE}`;
  const list = `${github.url}/repos/${REPO}/issues?${query}`;
  const command = [process.execPath, READ_PAGES, list, token];
  const { output } = await timed({ command, env, cwd: dir, leftovers, signal });
  return JSON.parse(output) as { first: Read; unchanged: Read };
}
