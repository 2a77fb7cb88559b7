import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { BY_HAND_REPO, openByHand } from "../stage/by-hand.ts";
import { COMMAND_AGENT, openIssues, whenDone } from "../stage/issues.ts";
import { treeCpuMs } from "../stage/proc.ts";
import { manyFiles, openStage } from "../stage/stage.ts";
import { pause, times } from "../stage/until.ts";

const AT_ONCE = 3;
/** What a run still does after its last word to GitHub counts too. */
const SETTLE_MS = 1000;

export const issues: Figure = {
  name: "issues",
  what: "issues to pull requests, three at once, beside a shell script that does the same",
  limitMinutes: 20,
  measure,
};

async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, signal, say } = bench;
  const files = manyFiles(sizes.files);
  const config = { ...COMMAND_AGENT, coordinator: { max_concurrent_workers: AT_ONCE, poll_interval_seconds: 1 } };
  await using stage = await openStage(bench, { files, config });
  const { github } = stage;
  const byHand = await openByHand(bench, stage, files);
  const scheduler = await stage.start("scheduler");
  const runner = await stage.start("runner");
  const cpu = () => treeCpuMs(scheduler.pid) + treeCpuMs(runner.pid);

  async function tac8(count: number): Promise<{ wallMs: number; cpuMs: number }> {
    const cpuBefore = cpu();
    const startedAt = performance.now();
    await whenDone({ stage, numbers: openIssues(github, count), signal });
    const wallMs = performance.now() - startedAt;
    await pause(SETTLE_MS, signal);
    return { wallMs, cpuMs: cpu() - cpuBefore };
  }
  const script = (count: number) => byHand.run(openIssues(github, count, { repo: BY_HAND_REPO, labels: [] }), AT_ONCE);

  await tac8(1);
  await script(1);
  const samples = await times(sizes.samples, async (index) => {
    say(`sample ${index + 1} of ${sizes.samples}`);
    return { tac8: await tac8(sizes.issues), script: await script(sizes.issues) };
  });
  const what = `${sizes.issues} issues to pull requests, ${AT_ONCE} at once`;
  return [
    row({
      name: "issues/wall",
      what,
      unit: "s",
      value: samples.map((sample) => sample.tac8.wallMs / 1000),
      floor: { what: "shell script", value: samples.map((sample) => sample.script.wallMs / 1000) },
    }),
    row({
      name: "issues/cpu",
      what: `${what}, CPU of scheduler, runner and their children`,
      unit: "s",
      value: samples.map((sample) => sample.tac8.cpuMs / 1000),
      floor: { what: "CPU of the shell script", value: samples.map((sample) => sample.script.cpuMs / 1000) },
    }),
  ];
}
