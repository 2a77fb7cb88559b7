import { afterEach, expect, test } from "vitest";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "../world.ts";

let world: World;
afterEach(() => world.close());

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];

/** Nothing new starts from here on; what is labelled is queued. */
async function hold(): Promise<void> {
  const by = "a test";
  await setHold(world.redis, { name: "operator", reason: "checking first", by, since: Date.now(), until: null });
  await poll(120_000, async () => ((await world.queue.isPaused()) ? null : "the queue is not paused"));
}

async function inQueue(number: number): Promise<void> {
  const id = world.jobId(number);
  await poll(120_000, async () => ((await world.queue.getJob(id)) === undefined ? `${id} is not queued` : null));
}

const release = () => clearHold(world.redis, "operator", "a test", "continue");

function comment(number: number): string {
  return world.github
    .comments(REPO, number)
    .map(({ body }) => body)
    .join("\n");
}

test("an issue that is closed, unlabelled, deleted or transferred while it waits is withdrawn, and no run starts", async () => {
  world = await createWorld();
  const { github } = world;
  await github.createRepository({ owner: OWNER, name: "elsewhere" });
  world.startApp("scheduler");
  world.startApp("runner");
  await hold();
  const some = async (length: number) => {
    const numbers = Array.from({ length }, () => world.openIssue({ script: WORK }));
    for (const number of numbers) await inQueue(number);
    return numbers;
  };
  const [closed = 0, bare = 0, deleted = 0, moved = 0] = await some(4);
  const kept = await some(3);
  github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
  github.removeLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  github.deleteIssue(REPO, deleted);
  github.transferIssue({ repo: REPO, number: moved, actor: OWNER, to: "octo/elsewhere" });
  for (const number of [closed, bare, deleted, moved]) await world.waitForState(number, "withdrawn");
  for (const number of [closed, bare]) {
    await github.waitFor(() => comment(number).includes("**Withdrawn**"), { what: "the word on the issue" });
  }
  await release();
  for (const number of kept) await world.waitForState(number, "pr");
  expect(await world.agentStarts()).toHaveLength(kept.length);
  // Put back on, it starts after all.
  github.addLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  await world.waitForNthState(bare, "pr", 1);
});
