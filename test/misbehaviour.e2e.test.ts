import { afterEach, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import { createWorld, REPO, SCRIPTED, type World, type WorldOptions } from "./world.ts";

let world: World;
afterEach(() => world.close());

async function begin({ coordinator, ...config }: NonNullable<WorldOptions["config"]>): Promise<void> {
  const fast = { max_attempts: 2, backoff_factor: 0.0001, shutdown_grace_seconds: 2 };
  world = await createWorld({ config: { ...config, coordinator: { ...fast, ...coordinator } } });
  world.startApp("scheduler");
  world.startApp("runner");
}

/** The one comment about the failure, and everything else that a failed issue must show. */
async function failure(number: number): Promise<string> {
  await world.waitForState(number, "failed");
  const { github } = world;
  const comments = github.comments(REPO, number).filter(({ body }) => body.includes("ended without a pull request"));
  expect(comments).toHaveLength(1);
  expect(github.comments(REPO, number)).toHaveLength(2);
  expect(github.issue(REPO, number).labels).toEqual(["rpi-failed"]);
  expect(github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`)).toEqual([]);
  return comments[0]?.body ?? "";
}

test("agents that work for too long, or print nothing for too long, are stopped and retried, and then fail with the reason", async () => {
  await begin({ coordinator: { worker_timeout_hours: 12 / 3600, stall_timeout_minutes: 0.1 } });
  const chatter = Array.from({ length: 120 }, () => [{ say: "Still at it." }, { wait: 500 }]).flat();
  const busy = world.openIssue({ script: { first: chatter, again: chatter } });
  // Deaf to interrupts and to SIGTERM: only the end of the ladder is left.
  const mute = world.openIssue({
    script: {
      first: [{ write: "half.txt", text: "1\n" }, { ignoreTerm: true }, { hang: "deaf" }],
      again: [{ hang: true }],
    },
  });
  const stalled = await failure(mute);
  expect(stalled).toContain("stalled");
  expect(stalled).toContain("`stall_timeout_minutes`");
  expect(await world.github.file(REPO, `auto/gh-${mute}`, "half.txt")).toBe("1\n");
  const late = await failure(busy);
  expect(late).toContain("timeout");
  expect(late).toContain("`worker_timeout_hours`");
  for (const number of [busy, mute]) expect(await world.agentStarts(number)).toHaveLength(2);
  expect((await world.agentStarts()).some(({ pid }) => isAlive(Number(pid)))).toBe(false);
});

test("any program as agent: exit code, plain output, and the same limits", async () => {
  await begin({
    llm: { provider: "command", command_template: [SCRIPTED, "--prompt-file", "{prompt_file}", "--model", "{model}"] },
  });
  const { github } = world;
  const work = [{ say: "Off we go." }, { write: "work.txt", text: "work\n" }, { result: "Worked by a program." }];
  const good = world.openIssue({ script: work });
  const bad = world.openIssue({ script: [{ say: "I cannot." }, { exit: 3 }] });
  const asked = world.openIssue({ script: [{ result: "Nothing to change: it works." }] });
  await world.waitForState(good, "pr");
  await world.waitForState(asked, "answered");
  expect(github.comments(REPO, asked).at(-1)?.body).toContain("> Nothing to change: it works.");
  expect(await world.agentStarts(asked)).toHaveLength(1);
  expect(await failure(bad)).toContain("exit code 3");
  expect(await github.file(REPO, `auto/gh-${good}`, "work.txt")).toBe("work\n");
  expect(github.pulls(REPO)).toHaveLength(1);
  expect(github.pulls(REPO)[0]?.body).toContain("Worked by a program.");
  expect(github.pulls(REPO)[0]?.body).not.toContain("tokens");
  expect(await world.agentStarts(bad)).toHaveLength(2);
});
