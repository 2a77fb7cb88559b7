import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startModelApi, type ModelApi } from "../modelApi.ts";
import { agentProcesses, isAlive } from "../processes.ts";
import { ROOT } from "../programs.ts";
import { tac8 } from "../tac8.ts";
import { createWorld, OWNER, poll, REPO, type App, type World } from "../world.ts";

const KEY = "sk-ant-api03-the-real-key-of-the-owner";
/** Addresses of loopback that NO_PROXY does not name. */
const [ALLOWED, REFUSED] = ["127.0.0.2", "127.0.0.3"];
const QUESTION = "Red or green?";

/** The key of another API, which a command's agent uses. */
const OTHER_KEY = "sk-proj-the-real-key-of-another-api";

type Step = { readonly tool: string; readonly input: Readonly<Record<string, unknown>> } | { readonly text: string };
/** A script for the stub; `@@` is escaped, so that a script can carry that of a sub-agent. */
const stub = (steps: readonly Step[]) => `@@stub ${JSON.stringify(steps).replaceAll("@@", String.raw`\u0040\u0040`)}@@`;
const bash = (command: string): Step => ({ tool: "Bash", input: { command } });

interface Double {
  readonly origin: string;
  readonly host: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

async function listen(server: Server, address: string, asked: string[]): Promise<Double> {
  server.listen(0, address);
  await once(server, "listening");
  const host = `${address}:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A package registry with one package. */
async function startRegistry(): Promise<Double> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-registry-"));
  await mkdir(join(dir, "package"));
  await writeFile(join(dir, "package/package.json"), JSON.stringify({ name: "tiny", version: "1.0.0" }));
  await writeFile(join(dir, "package/index.js"), 'module.exports = "installed";\n');
  const { stdout } = await execa("tar", ["-czf", "-", "-C", dir, "package"], { encoding: "buffer" });
  await rm(dir, { recursive: true });
  const integrity = `sha512-${createHash("sha512").update(stdout).digest("base64")}`;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url?.endsWith(".tgz")) {
      response.end(stdout);
      return;
    }
    const dist = { tarball: `http://${request.headers.host}/tiny/-/tiny-1.0.0.tgz`, integrity };
    const versions = { "1.0.0": { name: "tiny", version: "1.0.0", dist } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name: "tiny", "dist-tags": { latest: "1.0.0" }, versions }));
  });
  return listen(server, ALLOWED, asked);
}

async function startStranger(): Promise<Double> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("the stranger's words");
  });
  return listen(server, REFUSED, asked);
}

/** The launcher, which starts agents as users of their own, takes root. */
const MODES = (["none", "sandbox", "user"] as const).filter((mode) => mode !== "user" || process.getuid?.() === 0);

describe.each(MODES)("Claude Code with isolation %s", (isolation) => {
  let world: World;
  let api: ModelApi;
  let registry: Double;
  let stranger: Double;
  let runner: App;
  beforeAll(async () => {
    [api, registry, stranger] = await Promise.all([startModelApi(), startRegistry(), startStranger()]);
    const files = {
      "README.md": "# widgets\n",
      "package.json": JSON.stringify({ name: "widgets", private: true }),
      ".gitignore": "node_modules/\n",
    };
    world = await createWorld({ isolation, files, config: { llm: { command: ["claude"] } } });
    await world.configure({
      llm: { command: ["claude"] },
      agent: { isolation, allow_hosts: [registry.host] },
    });
    world.startApp("scheduler");
    runner = startRunner();
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([api.stop(), registry.close(), stranger.close()]);
  });

  function startRunner(): App {
    return world.startApp("runner", {
      PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: api.url,
      CLAUDE_CODE_MAX_RETRIES: "0",
      CLAUDE_CODE_TMPDIR: world.dir,
    });
  }

  test("edits, installs a package, is refused a host, asks, is resumed after a SIGKILL of the runner, and has a sub-agent", async () => {
    const { github } = world;
    const tree = join(world.dataFolder, "workspaces", REPO, "trees", "gh-1");
    const readme = join(tree, "README.md");
    const known = join(world.dir, "known.txt");
    const steps = [
      { tool: "Write", input: { file_path: join(tree, "hello.txt"), content: "hello\n" } },
      { tool: "Read", input: { file_path: readme } },
      { tool: "Edit", input: { file_path: readme, old_string: "# widgets", new_string: "# gadgets" } },
      bash(
        `npm install tiny --registry ${registry.origin} --no-audit --no-fund && node -p 'require("tiny")' > said.txt`,
      ),
      bash(`curl -sS -m 20 -w ' status=%{http_code}' ${stranger.origin}/canary; printenv > '${known}'`),
      bash(`echo '${QUESTION}' > BLOCKED.md`),
      { text: "I asked." },
    ];
    const number = world.openIssue({ title: "Work", body: `Please.\n\n${stub(steps)}` });
    await world.waitForState(number, "blocked");
    const { session } = (await world.store.read(world.jobId(number))).agent;

    expect(registry.asked).toContain("/tiny/-/tiny-1.0.0.tgz");
    const sent = await api.sent();
    if (isolation !== "none") {
      expect(stranger.asked).toEqual([]);
      expect(sent).toContain(`tac8: this run may not connect to ${stranger.host}`);
      expect(sent).toContain("status=403");
      expect(runner.log()).toMatch(/"host":"127\.0\.0\.3:\d+".*refused the agent's connection to a host/);
      expect(await readFile(known, "utf8")).not.toContain(KEY);
      expect(await readFile(known, "utf8")).toMatch(/^ANTHROPIC_API_KEY=sk-ant-api03-/m);
    } else {
      expect(stranger.asked).toEqual(["/canary"]);
      expect(sent).toContain("the stranger's words status=200");
      expect(await readFile(known, "utf8")).toContain(KEY);
    }
    expect(await api.keys()).toEqual([KEY]);

    const atGate = join(world.dir, "at the gate");
    const prompt = stub([bash("echo sub > sub.txt"), { text: "The sub-agent is done." }]);
    const later = [
      bash(`echo half > half.txt; touch '${atGate}'; ${world.gate("open").bash}`),
      { tool: "Agent", input: { description: "Write sub.txt", prompt, subagent_type: "general-purpose" } },
      bash("git add -A && git commit -qm 'feat: all of it'"),
      { text: "All is done." },
    ];
    github.comment({ repo: REPO, number, actor: OWNER, body: `Green. ${stub(later)}` });
    await poll(120_000, async () => (existsSync(atGate) ? null : "the agent is not at the gate"));
    const before = agentProcesses(world.witness).map(({ pid }) => pid);
    expect(before.length).toBeGreaterThan(1);
    await runner.stop("SIGKILL");
    await poll(120_000, async () => (before.some(isAlive) ? "a process of the agent is alive" : null));
    await world.openGate("open");
    runner = startRunner();
    await world.waitForState(number, "pr");

    const branch = `auto/gh-${number}`;
    const found = Object.fromEntries(
      await Promise.all(
        ["hello.txt", "README.md", "said.txt", "half.txt", "sub.txt"].map(
          async (name) => [name, await github.file(REPO, branch, name)] as const,
        ),
      ),
    );
    expect(found).toEqual({
      "hello.txt": "hello\n",
      "README.md": "# gadgets\n",
      "said.txt": "installed\n",
      "half.txt": "half\n",
      "sub.txt": "sub\n",
    });
    expect(await api.sent()).toContain("The sub-agent is done.");
    expect(await api.keys()).toEqual([KEY]);
    expect((await world.store.read(world.jobId(number))).agent.session).toBe(session);
    const begun = (await world.history(number)).filter(({ to }) => to === "running");
    expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1, 1]);
  });

  test("is stopped: no process of it remains, and its work is on the branch", async () => {
    const steps = [bash("echo half > half.txt; sleep 600"), { text: "No more." }];
    const number = world.openIssue({ title: "Take long", body: stub(steps) });
    await poll(120_000, async () => {
      const isAsleep = agentProcesses(world.witness).some(({ command }) => command === "sleep 600");
      return isAsleep ? null : "the agent is not in its command";
    });
    const before = agentProcesses(world.witness).map(({ pid }) => pid);
    const startedAt = performance.now();
    const command = tac8(world, "stop", `${number}`);
    expect({ code: await command.ended, err: command.stderr() }).toEqual({ code: 0, err: "" });
    process.stdout.write(`tac8 stop, isolation ${isolation}: ${Math.round(performance.now() - startedAt)} ms\n`);
    expect(before.filter(isAlive)).toEqual([]);
    expect(await world.github.file(REPO, `auto/gh-${number}`, "half.txt")).toBe("half\n");
  });
});

test.each(MODES)(
  "a command_template agent calls another API with its key of agent.secrets: isolation %s",
  async (isolation) => {
    const asked: string[] = [];
    const api = await listen(
      createServer((request, response) => {
        asked.push(`${request.url} ${request.headers.authorization}`);
        response.writeHead(request.headers.authorization === `Bearer ${OTHER_KEY}` ? 200 : 401).end("the answer\n");
      }),
      "127.0.0.1",
      [],
    );
    const script = `curl -sS -f -H "Authorization: Bearer $OPENAI_API_KEY" "\${OPENAI_BASE_URL:-${api.origin}/v1}/models" > answer.txt
      printenv > "$TAC8_WITNESS.env"; git add -A; git commit -qm 'feat: answer'`;
    const world = await createWorld({
      isolation,
      config: {
        llm: { provider: "command", command_template: ["sh", "-c", script, "{prompt_file}"] },
        agent: { isolation, env: ["TAC8_WITNESS"] },
        "agent.secrets": { OPENAI_API_KEY: `${api.origin}/v1` },
      },
      env: { OPENAI_API_KEY: OTHER_KEY },
    });
    try {
      const number = world.openIssue({ title: "Ask", body: "Please." });
      world.startApp("scheduler");
      world.startApp("runner");
      await world.waitForState(number, "pr");
      expect(await world.github.file(REPO, `auto/gh-${number}`, "answer.txt")).toBe("the answer\n");
      expect(asked).toEqual([`/v1/models Bearer ${OTHER_KEY}`]);
      const known = await readFile(`${world.witness}.env`, "utf8");
      expect(known.includes(OTHER_KEY)).toBe(isolation === "none");
      expect(known).toMatch(/^OPENAI_API_KEY=sk-proj-/m);
    } finally {
      await world.close();
      await api.close();
    }
  },
);
