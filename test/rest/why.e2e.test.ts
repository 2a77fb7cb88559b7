import { afterAll, beforeAll, expect, test } from "vitest";
import type { Explanation } from "@tac8/core/why/explain";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { tac8 } from "../tac8.ts";
import { createWorld, OWNER, poll, REPO, LABEL, type World } from "../world.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 1 } } });
});
afterAll(() => world.close());

/** What `tac8 why` says, with its exit code. */
async function why(number: number): Promise<Explanation & { readonly code: number | null }> {
  const cli = tac8(world, "why", `${number}`, "--json");
  const code = await cli.ended;
  return { ...(JSON.parse(cli.stdout()) as Explanation), code };
}

const decides = ({ rules }: Explanation) => rules.filter(({ holds }) => holds).map(({ rule }) => rule);

test("tac8 why gives the right reason in every state of an issue", async () => {
  const bare = world.openIssue({ labels: [] });
  expect(await why(bare)).toMatchObject({
    code: 0,
    state: "unknown",
    answer: `It does not have the label ${LABEL}. Add it, and the next poll queues the issue.`,
  });

  world.startApp("scheduler");
  const asks = world.openIssue({ script: [{ ask: "Red or green?" }, { result: "I asked." }] });
  await world.waitForState(asks, "queued");
  await poll(120_000, async () => ((await world.queue.getJob(world.jobId(asks))) === undefined ? "no job yet" : null));
  const alone = await why(asks);
  expect(alone).toMatchObject({ state: "queued", answer: "No runner is running. Start one." });
  expect(alone.rules.find(({ rule }) => rule === "label")?.text).toContain(`${LABEL} was added by ${OWNER}`);

  world.startApp("runner");
  await world.waitForState(asks, "blocked");
  const blocked = await why(asks);
  expect([blocked.state, decides(blocked)]).toEqual(["blocked", ["question"]]);
  expect(blocked.answer).toContain("“Red or green?” Reply at http");

  const works = world.openIssue({
    script: [{ bash: "until test -e go; do sleep 0.1; done" }, { write: "a.txt", text: "a" }],
  });
  await world.waitForState(works, "running");
  await poll(120_000, async () => {
    const found = await why(works);
    return /unning on .* since .*Last action /.test(found.answer) ? null : found.answer;
  });

  const waits = world.openIssue({ script: [{ write: "b.txt", text: "b" }] });
  await world.waitForState(waits, "queued");
  await poll(120_000, async () => {
    const found = await why(waits);
    return found.answer === "It is waiting for a free slot: the only slot is busy. It is next." ? null : found.answer;
  });

  await setHold(world.redis, { name: "operator", reason: "lunch", by: "ann@pi", since: Date.now(), until: null });
  expect((await why(waits)).answer).toBe("Paused by ann@pi: lunch. To continue: tac8 resume.");

  world.github.removeLabel({ repo: REPO, number: waits, actor: OWNER, label: LABEL });
  // The issue has a status comment, so a runner also reports the end there.
  await clearHold(world.redis, "operator", "test", "");
  world.github.closeIssue({ repo: REPO, number: works, actor: OWNER });
  await world.waitForState(works, "cancelled");
  expect((await why(works)).answer).toBe(
    `Cancelled: the issue was closed by ${OWNER}. To try again, reopen it and add the label.`,
  );
  await world.waitForState(waits, "withdrawn");
  expect((await why(waits)).answer).toMatch(/^Withdrawn: the label was removed.* To try again, add the label again\.$/);
});
