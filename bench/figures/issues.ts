import { probeSandbox } from "@tac8/core/isolation/probe";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { SCRIPT_REPO, openScriptFloor } from "../stage/script-floor.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { openCpuGroup } from "../stage/cpuGroup.ts";
import { manyFiles, openStage } from "../stage/stage.ts";
import { pause, times } from "../stage/until.ts";

const AT_ONCE = 3;
/** Wait in ms after the last request of a run to GitHub, because later work of the run counts too. */
const SETTLE_MS = 1000;

export const issues: Figure = {
  name: "issues",
  what: "issues to pull requests, three at once, beside a shell script that does the same; again with agents in sandboxes",
  limitMinutes: 40,
  async measure(bench) {
    const rows = await measure(bench, WITHOUT_ISOLATION);
    const probe = await probeSandbox({ path: bench.path, uid: process.getuid?.() ?? 0, secret: [] });
    if (probe.works) return [...rows, ...(await measure(bench, IN_SANDBOX))];
    bench.report(`not measured in a sandbox: ${probe.why}`);
    return rows;
  },
};

/** A kind of isolation, with the names of its rows. */
interface Mode {
  readonly isolation: "none" | "sandbox";
  readonly wall: string;
  readonly cpu: string;
  /** Text that follows "20 issues to pull requests, 3 at once". */
  readonly how: string;
}

const WITHOUT_ISOLATION: Mode = { isolation: "none", wall: "issues/wall", cpu: "issues/cpu", how: "" };
const IN_SANDBOX: Mode = {
  isolation: "sandbox",
  wall: "issues/sandbox-wall",
  cpu: "issues/sandbox-cpu",
  how: ", each agent in a sandbox",
};

async function measure(bench: Bench, { isolation, wall, cpu: cpuName, how }: Mode): Promise<Row[]> {
  const { sizes, signal, report } = bench;
  const files = manyFiles(sizes.files);
  const coordinator = { max_concurrent_workers: AT_ONCE, poll_interval_seconds: 1 };
  using group = openCpuGroup(); // Disposed of after the stage.
  await using stage = await openStage(bench, {
    files,
    config: ({ witness }) => {
      const paths = { read: bench.programs.sandboxReads, write: [witness] };
      const agent = { ...COMMAND_AGENT["agent"], isolation, ...(isolation === "none" ? {} : paths) };
      return { ...COMMAND_AGENT, agent, coordinator };
    },
  });
  const { github } = stage;
  const floor = await openScriptFloor(bench, stage, files);
  const scheduler = await stage.start("scheduler");
  const runner = await stage.start("runner");
  if (!group.add([scheduler.pid, runner.pid]) && isolation === "sandbox") {
    report("the CPU time in sandboxes is not counted, because no control group can be created here");
  }

  async function tac8(count: number): Promise<{ wallMs: number; cpuMs: number }> {
    const cpuBefore = group.read();
    const startedAt = performance.now();
    await waitForEndLabels({ stage, numbers: openIssues(github, count), signal });
    const wallMs = performance.now() - startedAt;
    await pause(SETTLE_MS, signal);
    return { wallMs, cpuMs: group.read() - cpuBefore };
  }
  const script = (count: number) => floor.run(openIssues(github, count, { repo: SCRIPT_REPO, labels: [] }), AT_ONCE);

  await tac8(1);
  await script(1);
  const samples = await times(sizes.samples, async (index) => {
    report(`sample ${index + 1} of ${sizes.samples}${how}`);
    return { tac8: await tac8(sizes.issues), script: await script(sizes.issues) };
  });
  const what = `${sizes.issues} issues to pull requests, ${AT_ONCE} at once${how}`;
  return [
    row({
      name: wall,
      what,
      unit: "s",
      value: samples.map((sample) => sample.tac8.wallMs / 1000),
      floor: { what: "shell script", value: samples.map((sample) => sample.script.wallMs / 1000) },
    }),
    row({
      name: cpuName,
      what: `${what}, CPU of scheduler, runner and their children`,
      unit: "s",
      value: samples.map((sample) => sample.tac8.cpuMs / 1000),
      floor: { what: "CPU of the shell script", value: samples.map((sample) => sample.script.cpuMs / 1000) },
    }),
  ];
}
