import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SHAPES } from "./captured-shapes.ts";
import type { Step } from "./script.ts";
import { startAgent, type AgentEvent, type TestAgent } from "./test-agent.ts";

let cwd: string;
let agent: TestAgent;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "tac8-agent-"));
  agent = startAgent({ args: [], cwd });
});

afterEach(async () => {
  agent.child.kill("SIGKILL");
  await agent.end();
  await rm(cwd, { recursive: true, force: true });
});

/** Which line of a stream this is: its type and what it carries. */
function kindOf(event: AgentEvent): string {
  const { content } = (event["message"] ?? {}) as { content?: { type: string }[] };
  const more = event.subtype ?? content?.[0]?.type ?? "";
  return event["is_api_error_message"] === true ? "assistant/api-error" : `${event.type}/${more}`;
}

const keys = (value: unknown): string[] => Object.keys(value ?? {}).sort();

const BLOCK = (event: AgentEvent) => ((event["message"] ?? {}) as { content?: unknown[] }).content?.[0];

async function play(steps: readonly Step[]): Promise<void> {
  agent.say(`\`\`\`tac8-script\n${JSON.stringify(steps)}\n\`\`\``);
  await agent.until(({ type }) => type === "result");
}

function compare(scene: keyof typeof SHAPES): void {
  const captured: Readonly<Record<string, Shape>> = SHAPES[scene];
  const seen = new Map(agent.seen.map((event) => [kindOf(event), event]));
  expect([...seen.keys()].sort()).toEqual(Object.keys(captured).sort());
  for (const [kind, shape] of Object.entries(captured)) {
    const event = seen.get(kind);
    const mine: Shape = {
      keys: keys(event),
      message: keys(event?.["message"]),
      block: keys(BLOCK(event ?? { type: "" })),
      usage: keys(event?.["usage"]),
    };
    expect({ kind, ...mine }).toEqual({ kind, ...shape });
  }
}

interface Shape {
  readonly keys: readonly string[];
  readonly message: readonly string[];
  readonly block: readonly string[];
  readonly usage: readonly string[];
}

it("speaks like claude when all goes well", async () => {
  await play([{ think: "hm" }, { say: "writing" }, { bash: "echo 1" }, { result: "done" }]);
  compare("success");
});

it("speaks like claude when interrupted", async () => {
  agent.say('```tac8-script\n[{"say":"running"},{"bash":"sleep 1000"}]\n```');
  await agent.until((event) => kindOf(event) === "assistant/tool_use");
  agent.send({ type: "control_request", request_id: "int-1", request: { subtype: "interrupt" } });
  await agent.until(({ type }) => type === "result");
  compare("interrupted");
});

it("speaks like claude when the API fails", async () => {
  await play([{ error: { status: 400, message: "bad thing" } }]);
  compare("error");
});
