import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { inSandbox } from "./calls-in-sandbox.ts";
import { countGit, countsOf, type GitCounts } from "../stage/count-git.ts";
import { openCountingProxy, type Requests } from "../stage/counting-proxy.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { manyFiles, openStage } from "../stage/stage.ts";
import { pause, times, until } from "../stage/until.ts";

/** Wait in ms after the last request of a run to GitHub, because later work of the run counts too. */
const SETTLE_MS = 2000;
const POLLS = 3;

export const calls: Figure = {
  name: "calls",
  what: "git processes and requests to GitHub for each issue and for each poll",
  limitMinutes: 10,
  measure,
};

interface Counts extends GitCounts {
  readonly scheduler: Requests;
  readonly runner: Requests;
}

/**
 * Count the requests to GitHub. Each app has its own GitHub address. The scheduler reads in its polls, and sometimes reads an issue
 * whose label was removed while its job is not finished. `reads` are those of the runner only; `counted` includes the scheduler's
 * requests, but not its polls.
 */
async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, signal } = bench;
  const config = { ...COMMAND_AGENT, coordinator: { max_concurrent_workers: 3, poll_interval_seconds: 1 } };
  await using stage = await openStage(bench, { files: manyFiles(sizes.files), config });
  await using toScheduler = await openCountingProxy(stage.github.url);
  await using toRunner = await openCountingProxy(stage.github.url);
  const counter = await countGit(stage.dir, bench.path);
  await stage.start("scheduler", { env: { GITHUB_API_URL: toScheduler.url } });
  await stage.start("runner", {
    env: { GITHUB_API_URL: toRunner.url, PATH: counter.path, TAC8_BENCH_GIT: counter.git },
  });
  const count = async (): Promise<Counts> => ({
    ...(await countsOf(counter)),
    scheduler: { ...toScheduler.counts },
    runner: { ...toRunner.counts },
  });
  const settled = async (): Promise<Counts> => {
    await pause(SETTLE_MS, signal);
    return count();
  };

  await waitForEndLabels({ stage, numbers: openIssues(stage.github, 1), signal }); // This issue also creates the mirror.
  const perPoll = await times(sizes.samples, async () => {
    const before = await count();
    const polls = () => toScheduler.counts.polls - before.scheduler.polls;
    await until(() => polls() >= POLLS, { signal, what: `${POLLS} polls` });
    return (toScheduler.counts.reads - before.scheduler.reads) / polls();
  });
  const perIssue = await times(sizes.samples, async () => {
    const before = await settled();
    await waitForEndLabels({ stage, numbers: openIssues(stage.github, sizes.countedIssues), signal });
    return costs({ before, after: await settled(), issues: sizes.countedIssues });
  });
  const rowOf = (name: keyof (typeof perIssue)[number], what: string) =>
    row({ name: `calls/${name}`, what, unit: "count", value: perIssue.map((sample) => sample[name]) });
  return [
    rowOf("git", "git processes for each issue, without those of its agent"),
    rowOf("git-all", "executions of git for each issue, with those that git itself starts"),
    rowOf("reads", "the runner's reads from GitHub's API for each issue"),
    rowOf("writes", "writes of runner and scheduler to GitHub's API for each issue"),
    rowOf("counted", "requests to GitHub's API that count for each issue, without 304s and polls"),
    rowOf("git-requests", "requests of git to GitHub for each issue"),
    ...(await inSandbox(bench)),
    row({ name: "calls/poll", what: "reads for each poll of one repository", unit: "count", value: perPoll }),
  ];
}

function costs({ before, after, issues }: { before: Counts; after: Counts; issues: number }) {
  const more = (app: "scheduler" | "runner", kind: keyof Requests) => after[app][kind] - before[app][kind];
  return {
    git: (after.git - before.git) / issues,
    "git-all": (after.gitAll - before.gitAll) / issues,
    reads: more("runner", "reads") / issues,
    writes: (more("runner", "writes") + more("scheduler", "writes")) / issues,
    counted: (more("runner", "counted") + more("scheduler", "counted") - more("scheduler", "countedOfPolls")) / issues,
    "git-requests": (more("runner", "git") + more("scheduler", "git")) / issues,
  };
}
