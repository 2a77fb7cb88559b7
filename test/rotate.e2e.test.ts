import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, OWNER, poll, REPO, type App, type World } from "./world.ts";

/** As docs/runbook.md says: give tac8 the new secret, restart it, revoke the old one. */
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test("GitHub's token and Redis' password are replaced while an agent works: its session is resumed, and nothing is lost", async () => {
  const { github, redis } = world;
  await redis.acl("SETUSER", "default", "resetpass", ">first-password");
  let env: Record<string, string> = { REDIS_PASSWORD: "first-password" };
  let apps: App[] = [];
  const start = (): void => void (apps = [world.startApp("scheduler", env), world.startApp("runner", env)]);
  start();
  const half = [{ write: "half.txt", text: "1\n" }, { commit: "feat: half" }];
  const number = world.openIssue({
    script: [
      ...half,
      world.gate("rotated"),
      { write: "whole.txt", text: "1\n" },
      { commit: "feat: whole" },
      { result: "Done." },
    ],
  });
  await poll(120_000, async () => ((await world.agentStarts(number)).length > 0 ? null : "no agent"));

  const token = github.addToken({ login: OWNER, token: `ghp_${"new".padEnd(36, "1")}` });
  await redis.acl("SETUSER", "default", ">second-password");
  env = { GITHUB_TOKEN: token, REDIS_PASSWORD: "second-password" };
  for (const app of apps) expect(await app.stop()).toBe(0);
  await world.openGate("rotated");
  start();
  await redis.acl("SETUSER", "default", "<first-password");
  github.revokeToken(world.token);
  await world.waitForState(number, "pr");
  const starts = await world.agentStarts(number);
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  expect(await github.file(REPO, `auto/gh-${number}`, "whole.txt")).toBe("1\n");
  expect(github.pulls(REPO)).toHaveLength(1);
});
