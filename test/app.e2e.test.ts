import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findInProcess, findSecret } from "./canary.ts";
import { launch, type Launched } from "./launch.ts";
import { childrenOf, commandOf, nameOf } from "./processes.ts";
import { programOf, ROOT } from "./programs.ts";
import { environmentOf } from "./tac8.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

const BOT = "tac8[bot]";
/** Renewed after half of it, so several times in each run. */
const LIFE_MS = 3000;
const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }];

let world: World;
let up: Launched | null = null;
afterEach(async () => {
  up?.child.kill("SIGKILL");
  up = null;
  await world.close();
});

interface AppWorld {
  readonly id: number;
  readonly privateKey: string;
  /** For every program, in place of the token. */
  readonly env: Readonly<Record<string, string>>;
}

async function createAppWorld(lifeMs = LIFE_MS): Promise<AppWorld> {
  world = await createWorld();
  const { github } = world;
  const { id, privateKey } = github.createApp({ owner: OWNER, slug: "tac8" });
  github.installApp({ app: id, repos: [REPO] });
  github.setAppTokenLife(lifeMs);
  return { id, privateKey, env: { GITHUB_TOKEN: "", GITHUB_APP_ID: String(id), GITHUB_APP_PRIVATE_KEY: privateKey } };
}

const tokens = () => world.github.tokensOf(BOT);
/** Wait until GitHub has made `times` more tokens. */
async function renewed(times: number): Promise<void> {
  const before = tokens().length;
  const what = `${times} more tokens`;
  await world.github.waitFor(() => tokens().length >= before + times, { what, timeoutMs: 60_000 });
}

/** The App's tokens, and a line of its key: one line is enough to look for all of it. */
const secretsOf = ({ privateKey }: AppWorld) => [...tokens(), privateKey.split("\n")[5] ?? ""];

test("from the label to the pull request with an App whose tokens live for three seconds; a label that the App adds starts work too", async () => {
  const app = await createAppWorld();
  const { github } = world;
  const apps = [world.startApp("scheduler", app.env), world.startApp("runner", app.env)];
  const number = world.openIssue({ script: [...WORK, world.gate("go"), { result: "Worked." }] });
  await world.waitForState(number, "running");
  await renewed(3); // Those of the scheduler and of the runner, while the agent works.
  await world.openGate("go");
  await world.waitForState(number, "pr");
  expect(github.pulls(REPO).map(({ author, head }) => [author, head])).toEqual([[BOT, `auto/gh-${number}`]]);
  expect(github.pushes.filter(({ ref }) => ref.includes("gh-")).map(({ login }) => login)).toEqual([BOT]);
  // One comment, which is written again: the App knows its own.
  expect(github.comments(REPO, number).map(({ author }) => author)).toEqual([BOT]);
  const used = github.requests.filter(({ login }) => login !== null).map(({ login }) => login);
  expect(new Set(used)).toEqual(new Set([BOT]));

  // The label is the App's: an operator has asked for it.
  const added = world.openIssue({ script: [...WORK, { result: "Worked." }], labels: [] });
  const add = launch(programOf("cli"), { args: ["add", String(added)], env: { ...environmentOf(world), ...app.env } });
  expect({ code: await add.ended, err: add.stderr() }).toEqual({ code: 0, err: "" });
  expect(add.stdout()).toContain(LABEL);
  await world.waitForState(added, "pr");

  const texts = {
    ...Object.fromEntries(apps.map((each) => [each.name, each.log()])),
    comments: JSON.stringify([number, added].map((each) => github.comments(REPO, each))),
    pulls: JSON.stringify(github.pulls(REPO)),
  };
  expect(tokens().length).toBeGreaterThan(4);
  for (const secret of secretsOf(app)) {
    expect(await findSecret({ dir: world.dataFolder, redis: world.redis, texts }, secret)).toEqual([]);
  }
});

test("work on workflows by an App without that permission waits, and the label publishes it once the App has it", async () => {
  const app = await createAppWorld();
  const { github } = world;
  const permissions = { contents: "write", issues: "write", metadata: "read", pull_requests: "write" } as const;
  github.permitApp(app.id, permissions);
  world.startApp("scheduler", app.env);
  world.startApp("runner", app.env);
  const workflow = { write: ".github/workflows/ci.yml", text: "on: push\njobs: {}\n" };
  const number = world.openIssue({
    script: [...WORK, workflow, { commit: "ci: run" }, { result: "Worked." }],
    labels: [LABEL, "rpi-allow"],
  });
  await world.waitForState(number, "blocked");
  const branch = `auto/gh-${number}`;
  expect(Object.keys(github.branches(REPO))).not.toContain(branch);
  const [comment = "", ...others] = github
    .comments(REPO, number)
    .filter(({ body }) => body.includes('"kind":"question"'))
    .map(({ body }) => body);
  expect(others).toEqual([]);
  expect(comment).toContain("Set the permission Workflows to read and write in the App's settings");
  // Without the permission the label has the same outcome again, and the work is still there.
  const label = () => {
    github.removeLabel({ repo: REPO, number, actor: OWNER, label: "rpi-allow" });
    github.addLabel({ repo: REPO, number, actor: OWNER, label: "rpi-allow" });
  };
  label();
  // Its question, the label that was seen, and the same question.
  await world.waitForNthState(number, "blocked", 3);
  github.permitApp(app.id, { ...permissions, workflows: "write" });
  label();
  await world.waitForState(number, "pr");
  expect(await github.file(REPO, branch, workflow.write)).toBe(workflow.text);
  expect(github.pulls(REPO).map(({ author }) => author)).toEqual([BOT]);
  expect(await world.agentStarts(number)).toHaveLength(1);
});

test("an uninstalled App sets a hold on the repository that names the reason, and work resumes after it is installed again", async () => {
  const app = await createAppWorld(60 * 60_000);
  const { github } = world;
  world.startApp("scheduler", app.env);
  const runner = world.startApp("runner", app.env);
  const number = world.openIssue({ script: [...WORK, world.gate("go"), { result: "Worked." }] });
  await world.waitForState(number, "running");
  github.uninstallApp(app.id);
  await world.openGate("go");
  await runner.waitForLog(`the GitHub App ${app.id} is not installed on ${REPO}`);
  await world.waitForState(number, "parked");
  expect((await world.store.read(world.jobId(number))).end.reason).toMatch(
    /is not installed on octo\/widgets: install it/,
  );
  github.installApp({ app: app.id, repos: [REPO] });
  const resume = launch(programOf("cli"), {
    args: ["resume", "repo:octo/widgets"],
    env: { ...environmentOf(world), ...app.env },
  });
  await resume.ended;
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
});

function family(pid: number): number[] {
  return [pid, ...childrenOf([pid]).flatMap((child) => family(child.pid))];
}

test("under tac8 up no process shows the App's key or a token, by file and by variable", async () => {
  const app = await createAppWorld();
  const home = join(world.dir, "up");
  await mkdir(home);
  await writeFile(join(home, "github-app-private-key"), app.privateKey, { mode: 0o600 });
  const { GITHUB_APP_ID = "" } = app.env;
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(world.dir, "agent-home"),
    TAC8_CONFIG: world.configFile,
    TAC8_HOME: home,
    TAC8_BOARD_PORT: "0",
    GITHUB_API_URL: world.github.url,
    GITHUB_APP_ID,
  };
  world.openIssue({ script: { first: [{ hang: true }], again: [{ hang: true }] } });
  for (const given of [env, { ...env, GITHUB_APP_PRIVATE_KEY: app.privateKey }]) {
    const started = launch(join(ROOT, "bin/tac8.mjs"), { args: ["up"], env: given });
    up = started;
    for (const words of [/Board: +http/, /runner ready/, /scheduler ready/]) await started.waitForOutput(words);
    let pids: number[] = [];
    await poll(120_000, async () => {
      pids = family(started.child.pid ?? 0);
      return pids.some((each) => commandOf(each).includes("scripted-claude")) ? null : "no agent works";
    });
    await renewed(2);
    pids = family(started.child.pid ?? 0);
    expect(pids.map((each) => nameOf(each))).toEqual(expect.arrayContaining(["tac8 runner", "tac8 scheduler"]));
    for (const secret of secretsOf(app)) expect(findInProcess(pids, secret)).toEqual([]);
    started.child.kill("SIGINT");
    expect(await started.ended).toBe(0);
    const logs = {
      dir: join(home, "logs"),
      redis: world.redis,
      texts: { screen: started.stdout() + started.stderr() },
    };
    for (const secret of secretsOf(app)) expect(await findSecret(logs, secret)).toEqual([]);
  }
});
