import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startModelApi, type ModelApi } from "../modelApi.ts";
import { agentProcesses, isAlive } from "../processes.ts";
import { ROOT } from "../programs.ts";
import { tac8 } from "../tac8.ts";
import { createWorld, LABEL, poll, REPO, type App, type World } from "../world.ts";

let world: World;
let api: ModelApi;
afterEach(async () => {
  await world.close();
  await api.stop();
});

const workspace = (number: number, name: string) =>
  join(world.dataFolder, `workspaces/octo/widgets/trees/gh-${number}`, name);

/** What the model does first: a file that is not committed, then a command that lasts. */
const LONG = `@@stub ${JSON.stringify([
  { tool: "Bash", input: { command: "echo half > half.txt; sleep 600" } },
  { text: "No more." },
])}@@`;

function startClaude(): App {
  return world.startApp("runner", {
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    ANTHROPIC_API_KEY: "sk-ant-not-a-key",
    ANTHROPIC_BASE_URL: api.url,
    CLAUDE_CONFIG_DIR: join(world.dir, "claude"),
    CLAUDE_CODE_MAX_RETRIES: "0",
    CLAUDE_CODE_TMPDIR: world.dir,
  });
}

/** Resolves with the agent's processes when its long command runs. In a sandbox they have other ids for each other. */
async function inLongCommand(): Promise<number[]> {
  await poll(120_000, async () => {
    const isAsleep = agentProcesses(world.witness).some(({ command }) => command === "sleep 600");
    return isAsleep ? null : "the agent is not in its command";
  });
  const agent = agentProcesses(world.witness);
  expect(agent.map(({ command }) => command)).toContainEqual(expect.stringMatching(/^\S*claude /));
  return agent.map(({ pid }) => pid);
}

test.each([
  ["gently", [], /is interrupting the agent/],
  ["at once", ["--now"], /is killing the agent/],
])(
  "tac8 stop, %s, of the real Claude Code: it is dead, its work is on the branch, and the issue says so",
  async (_, flags, words) => {
    api = await startModelApi();
    world = await createWorld({ config: { llm: { command: ["claude"] } } });
    const { github, store } = world;
    const number = world.openIssue({ title: "Take long", body: LONG });
    world.startApp("scheduler");
    const runner = startClaude();
    const pids = await inLongCommand();

    const command = tac8(world, "stop", `${number}`, ...flags, "--reason", "wrong issue");
    expect({ code: await command.ended, err: command.stderr() }).toEqual({ code: 0, err: "" });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(command.stdout()).toMatch(words);
    expect(command.stdout()).toMatch(/its work is on the branch auto\/gh-1 \([0-9a-f]{7}\)/);
    expect(command.stdout()).toMatch(/octo\/widgets#1 is stopped\. Its work is on the branch auto\/gh-1\./);
    expect(await github.file(REPO, "auto/gh-1", "half.txt")).toBe("half\n");
    const [comment, ...more] = github.comments(REPO, number);
    expect(more).toEqual([]);
    expect(comment?.body).toContain("**Stopped** by an operator.");
    expect(comment?.body).toMatch(/stopped by ann@\S+: wrong issue/);
    expect(comment?.body).toContain(`To try again, add the label \`${LABEL}\` again.`);
    expect(github.issue(REPO, number).labels).toEqual([]);
    expect(await store.read(world.jobId(number))).toMatchObject({
      state: "stopped",
      command: { stop: null, stopMode: null },
    });
    // The workspace is kept, and was saved rather than discarded.
    expect(await readFile(workspace(number, "half.txt"), "utf8")).toBe("half\n");
    const ladder = runner.log().match(/"graceMs":(\d+)/)?.[1];
    expect(ladder === "0").toBe(flags.length > 0);
  },
);
