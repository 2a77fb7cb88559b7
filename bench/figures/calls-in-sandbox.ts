import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probeSandbox } from "@tac8/core/isolation/probe";
import type { Bench } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { countGit, countsOf } from "../stage/count-git.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { manyFiles, openStage } from "../stage/stage.ts";
import { pause, times } from "../stage/until.ts";

/** Wait in ms after the last request of a run to GitHub, because later work of the run counts too. */
const SETTLE_MS = 2000;

/**
 * Count the git processes of runs with sandboxes, for agents and for git in their folders. Sandboxes can write to the folder of
 * the counter. @returns no rows if this machine cannot create a sandbox
 */
export async function inSandbox({ sizes, signal, report, ...bench }: Bench): Promise<Row[]> {
  const probe = await probeSandbox({ path: bench.path, uid: process.getuid?.() ?? 0, secret: [] });
  if (!probe.works) {
    report(`no git is counted in a sandbox: ${probe.why}`);
    return [];
  }
  // Outside of the stage's folder, because the configuration names the folder and is written when the stage opens.
  const dir = await mkdtemp(join(tmpdir(), "tac8-bench-"));
  const forget = bench.leftovers.folder(dir);
  try {
    const counter = await countGit(dir, bench.path);
    const read = bench.programs.sandboxReads;
    const agent = { ...COMMAND_AGENT["agent"], isolation: "sandbox", read, write: [counter.folder] };
    const coordinator = { max_concurrent_workers: 3, poll_interval_seconds: 1 };
    const config = { ...COMMAND_AGENT, agent, coordinator };
    await using stage = await openStage({ ...bench, sizes, signal, report }, { files: manyFiles(sizes.files), config });
    await stage.start("scheduler");
    await stage.start("runner", {
      env: { PATH: counter.path, TAC8_BENCH_GIT: counter.git, TAC8_BENCH_WITNESS: counter.folder },
    });
    await waitForEndLabels({ stage, numbers: openIssues(stage.github, 1), signal }); // This issue also creates the mirror.
    const counts = await times(sizes.samples, async () => {
      await pause(SETTLE_MS, signal);
      const before = await countsOf(counter);
      await waitForEndLabels({ stage, numbers: openIssues(stage.github, sizes.countedIssues), signal });
      await pause(SETTLE_MS, signal);
      const after = await countsOf(counter);
      return { git: after.git - before.git, gitAll: after.gitAll - before.gitAll };
    });
    const rowOf = (name: string, what: string, of: "git" | "gitAll") =>
      row({ name, what, unit: "count", value: counts.map((count) => count[of] / sizes.countedIssues) });
    return [
      rowOf("calls/git-sandbox", "git processes for each issue, with the sandbox", "git"),
      rowOf("calls/git-all-sandbox", "executions of git for each issue, with the sandbox", "gitAll"),
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
    forget();
  }
}
