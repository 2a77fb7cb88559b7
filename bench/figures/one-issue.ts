import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { SCRIPT_REPO, openScriptFloor } from "../stage/script-floor.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { nextRequest, isPullOpened, isFirstPage } from "../stage/requests.ts";
import { manyFiles, openStage, REPO } from "../stage/stage.ts";
import { epochMs, pause, times } from "../stage/until.ts";

const POLL_MS = 1000;

export const oneIssue: Figure = {
  name: "one-issue",
  what: "one issue alone: from the label to its agent and to its pull request, beside a shell script",
  limitMinutes: 20,
  measure,
};

/** Times in ms since the label, or since the start of the script. */
interface Way {
  readonly agent: number;
  readonly pull: number;
}

async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, signal } = bench;
  const files = manyFiles(sizes.files);
  const config = { ...COMMAND_AGENT, coordinator: { poll_interval_seconds: POLL_MS / 1000 } };
  await using stage = await openStage(bench, { files, config });
  const { github, witness } = stage;
  const floor = await openScriptFloor(bench, stage, files);
  await stage.start("scheduler");
  await stage.start("runner");

  /** Add the label in the middle between two polls: the average case. */
  async function tac8(): Promise<Way & { readonly seen: number }> {
    await nextRequest(github, { matches: isFirstPage, what: "a poll", signal });
    await pause(POLL_MS / 2, signal);
    const poll = nextRequest(github, { matches: isFirstPage, what: "a poll", signal });
    const pull = nextRequest(github, { matches: isPullOpened(REPO), what: "a pull request", signal }).then(epochMs);
    const labelledAt = epochMs();
    const numbers = openIssues(github, 1);
    const done = waitForEndLabels({ stage, numbers, signal });
    const [{ at: seenAt }, pullAt] = await Promise.all([poll, pull, done]);
    const agentAt = await startOf(join(witness, `gh-${numbers[0]}`));
    return { agent: agentAt - labelledAt, pull: pullAt - labelledAt, seen: pullAt - seenAt };
  }

  async function script(): Promise<Way> {
    const numbers = openIssues(github, 1, { repo: SCRIPT_REPO, labels: [] });
    const pull = nextRequest(github, { matches: isPullOpened(SCRIPT_REPO), what: "a pull request", signal }).then(
      epochMs,
    );
    const startedAt = epochMs();
    const [, pullAt] = await Promise.all([floor.run(numbers, 1), pull]);
    const agentAt = await startOf(join(floor.witness, `gh-${numbers[0]}`));
    return { agent: agentAt - startedAt, pull: pullAt - startedAt };
  }

  await tac8();
  await script();
  const rest = () => pause(sizes.restSeconds * 1000, signal);
  const samples = await times(sizes.samples, async () => {
    await rest();
    const ours = await tac8();
    await rest();
    return { tac8: ours, script: await script() };
  });
  const toAgent = { what: "shell script to its agent", value: samples.map((sample) => sample.script.agent) };
  const toPull = { what: "shell script to its pull request", value: samples.map((sample) => sample.script.pull) };
  return [
    row({
      name: "one-issue/agent",
      what: "label to agent, one poll a second",
      unit: "ms",
      value: samples.map((sample) => sample.tac8.agent),
      floor: toAgent,
    }),
    row({
      name: "one-issue/pull",
      what: "label to pull request, one poll a second",
      unit: "ms",
      value: samples.map((sample) => sample.tac8.pull),
      floor: toPull,
    }),
    row({
      name: "one-issue/seen-to-pull",
      what: "poll that sees the label to pull request",
      unit: "ms",
      value: samples.map((sample) => sample.tac8.seen),
      floor: toPull,
    }),
  ];
}

/** Return the time at which an agent created its file, epoch ms. */
async function startOf(file: string): Promise<number> {
  return (await stat(file)).mtimeMs;
}
